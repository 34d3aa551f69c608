"""Any official file to rows with one meaning per column, each with its origin."""
