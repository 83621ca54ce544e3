"""What staff know of rails and banks: limits, opening hours, announced maintenance (R112, R138-R140)."""
