"""Questions: each a function of what is held and what was asked, giving an `ofsight.web.answer.Answer`.

One function serves a page, its JSON twin and its CSV. Nothing here knows of HTTP; what cannot be answered
is a
`ofsight.web.problems.Refusal`.
"""
