"""The four stages that carry records between rooms: collect, score, analyse, alert. Each is idempotent and safe to kill."""
