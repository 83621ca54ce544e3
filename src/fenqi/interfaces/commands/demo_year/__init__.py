"""A simulated year of the mall: customers by habit, the house by the calendar, channels over HTTP, time by leaps.

What a customer decides is in `habits` (pure), what then happens in `doings`, one use case each. What the house does on
certain days is in `happenings`, what it does every day in `evening`. A new room adds to these four and to nothing else.
"""
