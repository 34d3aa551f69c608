# How a case is written: one JSON object with what a test in another language needs.

suppressPackageStartupMessages(library(jsonlite))

read_data <- function(file) {
  d <- read.csv(file, stringsAsFactors = FALSE, na.strings = "")
  for (column in names(d)) if (is.character(d[[column]])) d[[column]] <- factor(d[[column]])
  d
}

meta <- function() list(
  R = R.version.string,
  ordinal = as.character(packageVersion("ordinal")),
  emmeans = as.character(packageVersion("emmeans")),
  numDeriv = as.character(packageVersion("numDeriv"))
)

named <- function(values) as.list(values)
one_line <- function(x) paste(trimws(deparse(x, width.cutoff = 500L)), collapse = " ")
lower_triangle <- function(m) m[lower.tri(m, diag = TRUE)]  # column by column
or_null <- function(x) if (length(x)) x else NULL

# run `code`, keep its warnings
with_warnings <- function(code) {
  said <- character()
  value <- withCallingHandlers(
    code,
    warning = function(w) { said <<- c(said, conditionMessage(w)); invokeRestart("muffleWarning") },
    message = function(m) { said <<- c(said, trimws(conditionMessage(m))); invokeRestart("muffleMessage") }
  )
  list(value = value, warnings = unique(said))
}

write_cases <- function(cases, file, note, not_fitted = list()) {
  ids <- vapply(cases, `[[`, "", "id")
  stopifnot(!anyDuplicated(ids))
  whole <- list(note = note, versions = meta(), not_fitted = not_fitted, cases = cases)
  # 15 significant digits; one case a line keeps differences readable
  as_text <- function(x) toJSON(x, auto_unbox = TRUE, digits = I(15), null = "null", na = "null")
  lines <- vapply(cases, as_text, "")
  head <- as_text(whole[c("note", "versions", "not_fitted")])
  writeLines(c(paste0(substr(head, 1, nchar(head) - 1), ",\"cases\":["), paste0(lines, c(rep(",", length(lines) - 1), "")), "]}"), file)
  cat(file, length(cases), "cases,", length(not_fitted), "not fitted,", file.size(file), "bytes\n")
}
