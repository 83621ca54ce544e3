"""Plans that move to another finance partner: drafted, rehearsed, approved, announced, moved, or rolled back."""
