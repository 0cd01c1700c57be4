"""One picture is sent in, claimed, analysed, recorded, retried and deleted here."""
