"""All that people see and touch: the command, the app, the map, the words. No formula."""
