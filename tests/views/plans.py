"""A small plan for the tests of documents and pages: measures in houses and streets, one that is not quantified."""

SCENARIO = """name = "Plan"
[[step]]
id = "hus"
name = "Renovera <hus>"
measure = "renovate_envelope"
end = 2027
status = "beslutad"
responsible = "AB Framtiden"
control = "direkt"
payer = { "AB Framtiden" = 0.75, Staten = 0.25 }
funding = [{ source = "Klimatklivet", share = 0.2, status = "beviljad" }]
[[step]]
id = "pump"
name = "=1+1"
measure = "install_heat_pump"
where = { heating = ["direct_electric", "oil"] }
status = "idé"
responsible = "Småhusägarna"
payer = "Småhusägarna"
[[step]]
id = "bilar"
name = "Färre bilar"
measure = "reduce_car_traffic"
params = { reduction = 0.3 }
status = "planerad"
responsible = "Stadsmiljönämnden"
payer = "Stadsmiljönämnden"
cost = [{ kind = "capex", sek = 1000000, price_year = 2025 }, { kind = "opex", sek = 50000, price_year = 2025 }]
[[step]]
id = "elbilar"
name = "Laddplatser"
measure = "electrify_vehicles"
params = { ev_share = 0.5 }
status = "pågående"
responsible = "Stadsmiljönämnden"
[[unquantified]]
id = "rad"
name = "Klimatråd"
status = "beslutad"
responsible = "Kommunstyrelsen"
"""
