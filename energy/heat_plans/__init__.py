"""What people ask of heat networks, answered from a simulated year: supply, new districts, the pipes there are, choices."""
