"""Say in words what rows keep as codes.

Rows keep no sentence, so that each person can read it in their own language, and a better sentence
is shown with old rows too. Each subject has a module, and nothing else holds its words. Codes are
plain texts here, because the web process imports nothing of `ml`; a test holds that each code of
`ml` has its words.
"""
