"""The rulebook: facts about Atlassian that age, kept as data with source, date and grade."""
