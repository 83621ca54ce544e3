"""What customers do with their own account: prove who they are, change the phone, take their data along, close it."""
