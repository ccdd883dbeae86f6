"""Pictures, tables and pages of core values. No I/O and no arithmetic on doses."""
