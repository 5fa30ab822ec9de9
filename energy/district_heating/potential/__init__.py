"""Where heat is dense, and what a cooler network asks of buildings."""
