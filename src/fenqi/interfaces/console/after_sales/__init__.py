"""After-sales for staff: the desk with all open cases, one case on one page, and applying for a customer."""
