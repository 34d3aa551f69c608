# How a model with one random intercept is asked of R: clmm, or clmm2 for nominal and scale effects.
source("exact.R"); source("record.R")

links <- c("logit", "probit", "cloglog", "loglog", "cauchit")
thresholds <- c("flexible", "equidistant", "symmetric")
tight <- "clmm.control(method = \"nlminb\", gradTol = 1e-5, maxIter = 100L, rel.tol = 1e-14, x.tol = 1e-12, eval.max = 2000L, iter.max = 1000L)"

# The compiled code behind clmm (one grouping factor) and clmm2 takes "cloglog" for "loglog" and the
# reverse: with the random effect at zero it does not give clm's likelihood, with the names exchanged
# it does, and so does clmm(control = clmm.control(useMatrix = TRUE)), which is not compiled. So the names
# are exchanged in the call, and `check_link` makes sure of it in every case.
r_link <- function(link) switch(link, cloglog = "loglog", loglog = "cloglog", link)

check_link <- function(spec, d, objective, par) {
  parts <- c(
    paste0(sub("^(\\w+) ~", "factor(\\1) ~", spec[["formula"]]), if (!is.null(spec[["offset"]])) sprintf(" + offset(%s)", spec[["offset"]])),
    "data = d", if (!is.null(spec[["nominal"]])) paste("nominal =", spec[["nominal"]]), if (!is.null(spec[["scale"]])) paste("scale =", spec[["scale"]]),
    if (!is.null(spec[["weights"]])) paste("weights =", spec[["weights"]]),
    sprintf("link = \"%s\"", spec$link), sprintf("threshold = \"%s\"", spec$threshold), "doFit = FALSE"
  )
  rho <- eval(parse(text = paste0("clm(", paste(parts, collapse = ", "), ")")), list(d = d), globalenv())
  widen_bounds(rho)
  without <- rho$clm.nll(rho, par[-length(par)])
  stopifnot("the likelihood without random effect is not clm's" = abs(objective(c(par[-length(par)], -12)) - without) < 1e-6)
}

clmm_call <- function(spec, extra) {
  parts <- c(
    paste0(sub("^(\\w+) ~", "factor(\\1) ~", spec[["formula"]]),
           if (!is.null(spec[["offset"]])) sprintf(" + offset(%s)", spec[["offset"]]), sprintf(" + (1 | %s)", spec$group)),
    "data = d", if (!is.null(spec[["weights"]])) paste("weights =", spec[["weights"]]),
    sprintf("link = \"%s\"", r_link(spec$link)), sprintf("threshold = \"%s\"", spec$threshold),
    if (spec$nodes != 1) sprintf("nAGQ = %d", spec$nodes), extra
  )
  paste0("clmm(", paste(parts, collapse = ", "), ")")
}

# clmm2 names logit "logistic"
clmm2_call <- function(spec, extra) {
  parts <- c(
    paste("location =", sub("^(\\w+) ~", "factor(\\1) ~", spec[["formula"]])),
    if (!is.null(spec[["nominal"]])) paste("nominal =", spec[["nominal"]]), if (!is.null(spec[["scale"]])) paste("scale =", spec[["scale"]]),
    paste("random =", spec$group), "data = d", if (!is.null(spec[["weights"]])) paste("weights =", spec[["weights"]]),
    sprintf("link = \"%s\"", if (spec$link == "logit") "logistic" else r_link(spec$link)),
    sprintf("threshold = \"%s\"", spec$threshold), if (spec$nodes != 1) sprintf("nAGQ = %d", spec$nodes), extra
  )
  paste0("clmm2(", paste(parts, collapse = ", "), ")")
}

evaluate_clmm <- function(rho, par)
  (if (rho$nAGQ > 1) ordinal_ns$getNAGQ.ssr else ordinal_ns$getNLA.ssr)(rho, par)
evaluate_clmm2 <- function(rho, par)
  (if (rho$nAGQ > 1) ordinal_ns$getNAGQinC else ordinal_ns$getNLA2)(rho, par)

record_case <- function(spec, text, run, exact, names_by_kind, r_par, r_log_likelihood, modes, levels_of_group, n, n_levels) {
  par <- exact$par
  p <- length(par)
  se <- sqrt(diag(exact$vcov))
  all_names <- c(unlist(names_by_kind, use.names = FALSE), "log_sd")
  stopifnot(length(all_names) == p)
  names(par) <- all_names
  part <- function(kind) named(par[which(rep(names(names_by_kind), lengths(names_by_kind)) == kind)])
  c(
    spec[c("id", "about")], list(model = "clmm"), spec[setdiff(names(spec), c("id", "about"))],
    list(
      call = text, n = n, n_levels = n_levels, n_groups = length(levels_of_group), warnings = as.list(run$warnings),
      expected = list(
        log_likelihood = exact$logLik, alpha = part("alpha"), beta = part("beta"), zeta = part("zeta"),
        random_sd = exp(par[[p]]), names = as.list(all_names), se = as.list(unname(se)),
        vcov_lower = lower_triangle(exact$vcov),
        mode = setNames(as.list(modes$mode), levels_of_group),
        mode_variance = setNames(as.list(modes$variance), levels_of_group)
      ),
      accuracy = list(
        newton_step_in_se = exact$newton_step_in_se, step_disagreement = exact$step_disagreement,
        se_disagreement = exact$se_disagreement,
        r_fit_off_by_se = max(abs(r_par - par) / se), r_fit_log_likelihood_off_by = r_log_likelihood - exact$logLik
      )
    )
  )
}

fit_clmm <- function(spec) {
  d <- read_data(spec$data)
  for (column in spec$group) d[[column]] <- factor(d[[column]])
  text <- clmm_call(spec, paste("control =", tight))
  run <- with_warnings(eval(parse(text = text), list(d = d), globalenv()))
  fit <- run$value
  rho <- with_warnings(eval(parse(text = clmm_call(spec, paste("doFit = FALSE, control =", tight))), list(d = d), globalenv()))$value
  objective <- exact_single(rho, evaluate_clmm)
  r_par <- c(fit$coefficients, log(unlist(fit$ST)))
  exact <- polish_mixed(objective, r_par)
  check_link(spec, d, objective, exact$par)
  objective(exact$par)
  modes <- list(mode = rho$u * rho$tau, variance = rho$tau^2 / rho$D)
  record_case(spec, text, run, exact, list(alpha = names(fit$alpha), beta = names(fit$beta)), r_par,
              as.numeric(fit$logLik), modes, levels(fit$gfList[[1]]), length(rho$wts), length(fit$y.levels))
}

fit_clmm2 <- function(spec) {
  d <- read_data(spec$data)
  # nlminb's last digits are enough here: the polish below finishes the work
  control <- "control = clmm2.control(method = \"nlminb\", gradTol = 1e-5, maxIter = 100L)"
  text <- clmm2_call(spec, control)
  start_text <- sub("clmm2.control(method = \"nlminb\"", "clmm2.control(method = \"ucminf\"", text, fixed = TRUE)
  run <- with_warnings(tryCatch(eval(parse(text = text), list(d = d), globalenv()),
                                error = function(e) eval(parse(text = start_text), list(d = d), globalenv())))
  fit <- run$value
  rho <- with_warnings(eval(parse(text = clmm2_call(spec, paste0("doFit = FALSE, ", control))), list(d = d), globalenv()))$value
  objective <- if (is.null(spec[["scale"]])) exact_single(rho, evaluate_clmm2) else exact_scaled(rho, spec$link, evaluate_clmm2)
  r_par <- fit$coefficients
  r_par[length(r_par)] <- log(r_par[length(r_par)])
  exact <- polish_mixed(objective, r_par)
  check_link(spec, d, objective, exact$par)
  objective(exact$par)
  modes <- list(mode = rho$u * rho$stDev, variance = rho$stDev^2 / rho$D)
  alpha <- names(fit$xi)
  record_case(spec, text, run, exact, list(alpha = alpha, beta = names(fit$beta), zeta = names(fit$zeta)), r_par,
              as.numeric(fit$logLik), modes, levels(factor(d[[spec$group]])), length(rho$weights), length(fit$lev))
}

try_cases <- function(specs, fit_one) {
  fitted <- list(); failed <- list()
  for (spec in specs) {
    out <- tryCatch(fit_one(spec), error = function(e) conditionMessage(e))
    if (is.character(out)) { failed[[spec$id]] <- out; cat("  not fitted:", spec$id, out, "\n") }
    else fitted[[length(fitted) + 1]] <- out
  }
  list(fitted = fitted, failed = failed)
}

case <- function(id, about, formula = "y ~ x + z", ..., data = "main.csv", link = "logit", threshold = "flexible", group = "g", nodes = 1)
  list(id = id, about = about, data = data, formula = formula, link = link, threshold = threshold, group = group, nodes = nodes, ...)
