"""The dashboard: Streamlit screens over `reports`. No view computes a number."""
