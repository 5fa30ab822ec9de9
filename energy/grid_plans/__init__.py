"""What people ask of the power grid, answered from simulated years: where it holds, where it breaks, and what helps."""
