"""What every face of Fenqi shares: the look, its parts, and how amounts and dates are written."""
