"""The command that chooses: what it prints, what it writes, and that what it writes can be read."""

import json

import typer
from typer.testing import CliRunner

from energy import Scenario
from views.optimise_cli import command

CANDIDATES = """
name = "Kandidater"
[[step]]
measure = "install_heat_pump"
where = { heating = "oil" }
start = 2026
end = 2027
[[step]]
measure = "electrify_vehicles"
params = { ev_share = 0.9 }
start = 2026
end = 2027
"""


def test_it_prints_the_plan_and_writes_a_scenario(folder, tmp_path):
    app = typer.Typer()
    app.command()(command)
    file, out = tmp_path / "candidates.toml", tmp_path / "out"
    file.write_text(CANDIDATES, encoding="utf-8")
    common = [str(folder), "--candidates", str(file), "--from", "2026", "--to", "2027", "--out", str(out)]
    done = CliRunner().invoke(app, [*common, "--groups", "use,heating", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert abs(told["simulated_t"] - told["promised_t"]) <= 1e-6 * told["promised_t"]
    assert [r["measure"] for r in told["plan"]] == ["install_heat_pump"]
    assert [r["reason"] for r in told["left_out"]] == ["left out: no price"]
    assert told["broken"] == []
    scenario = Scenario.read(out / "optimised.toml")
    assert [s.where for s in scenario.step] == [{"building_id": ["b4"]}]
    assert {p.name for p in out.iterdir()} == {"optimised.toml", "plan.csv", "left_out.csv", "rounds.csv"}
    words = CliRunner().invoke(app, [*common, "--groups", "use,heating"])
    assert words.exit_code == 0
    assert "left out: no price" in words.output


def test_it_tells_what_the_plan_comes_to_and_what_holds_it_back(folder, tmp_path):
    app = typer.Typer()
    app.command()(command)
    file = tmp_path / "candidates.toml"
    file.write_text(CANDIDATES, encoding="utf-8")
    common = [str(folder), "--candidates", str(file), "--to", "2027", "--groups", "use,heating", "--seconds", "60"]
    without = json.loads(CliRunner().invoke(app, [*common, "--budget", "0", "--json"]).stdout)
    assert without["plan"] == []
    assert without["gap"] == 0
    assert "the budget: 0 of 0 kr" in without["binding"]
    target = without["baseline_t"] - 1.0
    done = CliRunner().invoke(app, [*common, "--target", str(target)])
    assert done.exit_code == 0, done.output
    words = " ".join(done.output.split())
    assert f"target {target:,.0f} t; {without['baseline_t']:,.0f} t without it." in words
    assert "Mkr, undiscounted (2026 0." in words
    assert "No plan of these choices costs less than" in words
    assert "the gap is 0.000% of its cost." in words
    out_of_reach = CliRunner().invoke(app, [*common, "--target", "1"])
    assert "these candidates get to" in str(out_of_reach.exception)
