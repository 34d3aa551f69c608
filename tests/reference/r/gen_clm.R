# clm: every link x threshold x effect, and the special cases. Rscript gen_clm.R
source("exact.R"); source("record.R")

links <- c("logit", "probit", "cloglog", "loglog", "cauchit")
thresholds <- c("flexible", "equidistant", "symmetric")
tight <- "list(gradTol = 1e-12, relTol = 1e-12, maxIter = 200L, maxLineIter = 40L)"

# `formula`, `nominal`, `scale` are text that R and formulaic read alike (unless `python_formula` says otherwise)
build_call <- function(spec, extra = "") {
  offset_term <- if (is.null(spec[["offset"]])) "" else sprintf(" + offset(%s)", spec[["offset"]])
  scale <- spec[["scale"]]
  arguments <- c(
    paste0(sub("^(\\w+) ~", "factor(\\1) ~", spec[["formula"]]), offset_term),
    "data = d",
    if (!is.null(spec[["nominal"]])) paste("nominal =", spec[["nominal"]]),
    if (!is.null(scale)) paste("scale =", scale),
    if (!is.null(spec[["weights"]])) paste("weights =", spec[["weights"]]),
    sprintf("link = \"%s\"", spec$link), sprintf("threshold = \"%s\"", spec$threshold),
    extra
  )
  paste0("clm(", paste(arguments[nzchar(arguments)], collapse = ", "), ")")
}

# the rows that R used: clm's own environment drops weights of zero
fit_case <- function(spec) {
  d <- read_data(spec$data)
  text <- build_call(spec, paste("control =", tight))
  run <- with_warnings(eval(parse(text = text), list(d = d), globalenv()))
  fit <- run$value
  if (fit$convergence$code > 1) stop("not converged: ", fit$convergence$alg.message)
  rho <- eval(parse(text = build_call(spec, paste("doFit = FALSE, control =", tight))), list(d = d), globalenv())
  full <- coef(fit)
  keep <- !is.na(full)
  exact <- polish_clm(rho, full[keep])
  se <- sqrt(diag(exact$vcov))
  names(exact$par) <- names(se) <- names(full)[keep]
  moved <- max(abs(exact$par - full[keep]) / se)
  # the approximate rounding of a solution: machine precision times the condition number
  condition <- kappa(exact$hessian * outer(se, se), exact = TRUE)
  theta <- theta_of(rho, fit, exact$par)
  structure(c(
    spec[c("id", "about")], list(model = "clm"), spec[setdiff(names(spec), c("id", "about"))],
    list(
      call = text,
      n = length(rho$wts), n_weighted = sum(rho$wts), n_levels = length(fit$y.levels), levels = as.list(fit$y.levels),
      warnings = as.list(run$warnings),
      expected = list(
        log_likelihood = exact$logLik,
        alpha = named(exact$par[names(exact$par) %in% names(fit$alpha) & seq_along(exact$par) <= sum(!is.na(fit$alpha))]),
        beta = named(fit_part(exact$par, fit, "beta")),
        zeta = named(fit_part(exact$par, fit, "zeta")),
        aliased = as.list(names(full)[!keep]),
        names = as.list(names(exact$par)), se = as.list(unname(se)),
        vcov_lower = lower_triangle(exact$vcov),
        theta = theta, condition_number = with(eigen(exact$hessian, symmetric = TRUE), max(values) / min(values)),
        sandwich_lower = lower_triangle(exact$vcov %*% crossprod(exact$scores) %*% exact$vcov)
      ),
      accuracy = list(
        newton_step_in_se = exact$newton_step_in_se,
        condition = condition,
        r_fit_off_by_se = moved, r_fit_log_likelihood_off_by = as.numeric(fit$logLik) - exact$logLik
      )
    )
  ), class = "list")
}

fit_part <- function(par, fit, part) {
  n_alpha <- sum(!is.na(fit$alpha)); n_beta <- sum(!is.na(fit$beta)); n_zeta <- sum(!is.na(fit$zeta))
  which <- switch(part, beta = n_alpha + seq_len(n_beta), zeta = n_alpha + n_beta + seq_len(n_zeta))
  par[which]
}

# thresholds in full, at the reference row of the nominal design
theta_of <- function(rho, fit, par) {
  ths <- ordinal_ns$makeThresholds(fit$y.levels, fit$threshold)
  as.numeric(ths$tJac %*% par[seq_len(ths$nalpha)])
}

try_cases <- function(specs) {
  fitted <- list(); failed <- list()
  for (spec in specs) {
    out <- tryCatch(fit_case(spec), error = function(e) conditionMessage(e))
    if (is.character(out)) failed[[spec$id]] <- out else fitted[[length(fitted) + 1]] <- out
  }
  list(fitted = fitted, failed = failed)
}

grid <- list()
for (link in links) for (threshold in thresholds) for (effect in c("none", "nominal", "scale", "both")) {
  grid[[length(grid) + 1]] <- list(
    id = paste("clm", link, threshold, effect, sep = "-"), about = "grid", data = "main.csv", formula = "y ~ x + z",
    link = link, threshold = threshold,
    nominal = if (effect %in% c("nominal", "both")) "~ w", scale = if (effect %in% c("scale", "both")) "~ z"
  )
}
out <- try_cases(grid)
write_cases(out$fitted, "clm_grid.json", "clm: every link, threshold and effect, y ~ x + z on main.csv", out$failed)

case <- function(id, about, formula, ..., data = "main.csv", link = "logit", threshold = "flexible")
  list(id = id, about = about, data = data, formula = formula, link = link, threshold = threshold, ...)

special <- list(
  case("clm-thresholds-only", "no predictors", "y ~ 1"),
  case("clm-equidistant-thresholds-only", "no predictors", "y ~ 1", threshold = "equidistant"),
  case("clm-symmetric-thresholds-only", "no predictors", "y ~ 1", threshold = "symmetric"),
  case("clm-scale-only", "no location terms", "y ~ 1", scale = "~ w"),
  case("clm-nominal-only", "no location terms", "y ~ 1", nominal = "~ w"),
  case("clm-weights", "fractional weights", "y ~ x + z", weights = "wt"),
  case("clm-weights-counts", "frequency weights", "y ~ x + z", weights = "freq"),
  case("clm-weights-zero", "a tenth of the weights is zero", "y ~ x + z", weights = "wt0"),
  case("clm-weights-effects", "weights with both effects", "y ~ x + z", weights = "wt", nominal = "~ w", scale = "~ z"),
  case("clm-offset", "offset in the location", "y ~ x + z", offset = "off"),
  case("clm-offset-effects", "offset with both effects", "y ~ x + z", offset = "off", nominal = "~ w", scale = "~ z", link = "probit"),
  case("clm-offset-weights", "offset and weights", "y ~ x + z", offset = "off", weights = "wt", link = "cloglog"),
  case("clm-interaction", "numeric by factor", "y ~ x * z"),
  case("clm-interaction-factors", "factor by factor", "y ~ z * w + x", link = "probit"),
  case("clm-nominal-numeric", "nominal effect of a number", "y ~ z", nominal = "~ v"),
  case("clm-nominal-two", "two nominal terms", "y ~ x", nominal = "~ w + v", link = "probit"),
  case("clm-nominal-factor3", "nominal factor of three levels", "y ~ x", nominal = "~ z"),
  case("clm-scale-numeric", "scale effect of a number", "y ~ x + z", scale = "~ v"),
  case("clm-scale-two", "two scale terms", "y ~ x + z", scale = "~ w + v", link = "probit"),
  case("clm-scale-interaction", "scale interaction", "y ~ x + z", scale = "~ w * v"),
  case("clm-same-nominal-scale", "one factor as nominal and scale effect", "y ~ x", nominal = "~ w", scale = "~ w"),
  case("clm-aliased-nominal", "a location term also nominal: aliased", "y ~ x + w", nominal = "~ w"),
  case("clm-aliased-nominal-3", "a location factor also nominal: two columns aliased", "y ~ x + z", nominal = "~ z"),
  case("clm-aliased-nominal-scale", "aliased by a nominal term, with a scale effect", "y ~ x + w", nominal = "~ w", scale = "~ z"),
  case("clm-aliased-double", "a predictor twice another", "y ~ x + x2 + z"),
  case("clm-aliased-dummy", "a dummy of a factor level", "y ~ x + z + dup"),
  case("clm-level-gaps", "grades coded 1 2 4 7 9", "ygap ~ x + z"),
  case("clm-badly-scaled", "a predictor in thousands", "y ~ xbig + z"),
  case("clm-missing", "missing outcomes and predictors", "ymiss ~ xmiss + z"),
  case("clm-missing-nominal", "missing values in a nominal term", "y ~ z", nominal = "~ xmiss"),
  case("clm-missing-scale", "missing values in a scale term", "y ~ z", scale = "~ xmiss")
)
for (k in 2:7) for (threshold in thresholds) {
  if (k == 2 && threshold != "flexible") next   # R refuses: fewer than three grades
  special[[length(special) + 1]] <- case(
    sprintf("clm-%d-grades-%s", k, threshold), sprintf("%d grades", k), sprintf("y%d ~ x + z", k),
    data = "grades.csv", threshold = threshold, link = if (k %% 2) "probit" else "logit")
}
for (k in c(3, 7)) special[[length(special) + 1]] <- case(
  sprintf("clm-%d-grades-both", k), sprintf("%d grades with effects", k), sprintf("y%d ~ x", k),
  data = "grades.csv", nominal = "~ z", scale = "~ z")
for (link in links) special[[length(special) + 1]] <- case(
  paste0("clm-2-grades-", link), "2 grades: binary regression", "y2 ~ x + z", data = "grades.csv", link = link)
special <- special[!duplicated(vapply(special, `[[`, "", "id"))]
out <- try_cases(special)
write_cases(out$fitted, "clm_special.json", "clm: weights, offsets, aliasing, gaps, missing values, 2 to 7 grades", out$failed)
