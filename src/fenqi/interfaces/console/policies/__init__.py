"""Published policies: every version, a draft with its preview, publishing and taking back (R164)."""
