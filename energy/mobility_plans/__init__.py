"""What people ask of traffic, answered from simulated years: streets, levers, zones, journeys, what is within reach."""
