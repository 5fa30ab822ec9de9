"""Which measures to carry out where and when: effects of packages by the real model, chosen by a mixed-integer programme."""
