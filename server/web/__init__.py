"""The pages: what people see and press."""
