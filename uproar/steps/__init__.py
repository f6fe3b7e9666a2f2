"""The four stages that carry records between rooms: collect, score, analyse, alert.

Each can be run twice and killed at any moment.
"""
