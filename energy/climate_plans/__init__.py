"""The city's steering documents, answered from simulated years: what measures give, cost and lack, and who carries them."""
