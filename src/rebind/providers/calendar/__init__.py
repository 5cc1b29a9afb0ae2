"""Which days the support desk works: the country's holidays, with the days that are moved."""
