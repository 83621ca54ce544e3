"""When a customer cannot pay in time: what may be promised, moved, waived, written off or reported."""
