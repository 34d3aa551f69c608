"""The explorer: pages and an API over a dataset and a study, read only.

The way through the room::

    sources   what is held: the dataset's tables in memory, the study's results, their version
    queries/  one question, one function: (sources, what was asked) -> Answer
    answer    an Answer: typed tables with source, vintage, status columns; words and charts between them
    offer     puts a question on the web thrice: page, JSON twin, CSV of each of its tables
    pages/    the questions by subject: their addresses, parameters, templates
    api       what only programs ask for: tables with filters and paging, search, the service's own state
    front     before and behind everything: methods, limits, headers, compression, cache, conditional requests
    freeze    the same pages as files for any web host

Nothing here fits a model or builds a dataset.
"""
