"""Networks to be built: streets as a graph, trees along them, what each branch costs and earns."""
