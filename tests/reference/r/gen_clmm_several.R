# clmm with several random intercepts, crossed and nested (Laplace). Rscript gen_clmm_several.R
source("exact.R"); source("record.R")

tight <- "clmm.control(method = \"nlminb\", gradTol = 1e-5, maxIter = 100L)"

several_call <- function(spec, extra) {
  offset_term <- if (is.null(spec[["offset"]])) "" else sprintf(" + offset(%s)", spec[["offset"]])
  parts <- c(
    paste0(sub("^(\\w+) ~", "factor(\\1) ~", spec[["formula"]]), offset_term,
           paste0(" + (1 | ", unlist(spec$group), ")", collapse = "")),
    "data = d", if (!is.null(spec[["weights"]])) paste("weights =", spec[["weights"]]),
    sprintf("link = \"%s\"", spec$link), sprintf("threshold = \"%s\"", spec$threshold), extra
  )
  paste0("clmm(", paste(parts, collapse = ", "), ")")
}

fit_several <- function(spec) {
  d <- read_data(spec$data)
  text <- several_call(spec, paste("control =", tight))
  run <- with_warnings(eval(parse(text = text), list(d = d), globalenv()))
  fit <- run$value
  rho <- with_warnings(eval(parse(text = several_call(spec, paste("doFit = FALSE, control =", tight))), list(d = d), globalenv()))$value
  # R orders the factors by their number of levels, most first; everything below keeps its order
  factors <- names(fit$gfList)
  objective <- exact_several(rho)
  r_par <- c(fit$coefficients, log(unlist(fit$ST)))
  exact <- polish_mixed(objective, r_par)
  objective(exact$par)
  p <- length(exact$par)
  n_fixed <- p - length(factors)
  sd <- exp(exact$par[n_fixed + seq_along(factors)])
  scale_of <- rep.int(sd, rho$dims$nlev.re)
  variance <- diag(as.matrix(solve(rho$L, Diagonal(rho$dims$q)))) * scale_of^2
  level_names <- unlist(lapply(fit$gfList, levels), use.names = FALSE)
  owner <- rep(factors, rho$dims$nlev.re)
  by_factor <- function(values) lapply(split(seq_along(values), factor(owner, levels = factors)), function(i) setNames(as.list(values[i]), level_names[i]))
  se <- sqrt(diag(exact$vcov))
  all_names <- c(names(fit$alpha), names(fit$beta), paste0("log_sd:", factors))
  par <- setNames(exact$par, all_names)
  c(
    spec[c("id", "about")], list(model = "clmm"), spec[setdiff(names(spec), c("id", "about"))],
    list(
      call = text, n = length(rho$wts), n_levels = length(fit$y.levels),
      n_groups = setNames(as.list(rho$dims$nlev.re), factors), warnings = as.list(run$warnings),
      expected = list(
        log_likelihood = exact$logLik, alpha = named(par[names(fit$alpha)]), beta = named(par[names(fit$beta)]), zeta = setNames(list(), character()),
        random_sd = setNames(as.list(sd), factors), names = as.list(all_names), se = as.list(unname(se)),
        vcov_lower = lower_triangle(exact$vcov),
        mode = by_factor(as.vector(rho$u) * scale_of), mode_variance = by_factor(variance)
      ),
      accuracy = list(
        newton_step_in_se = exact$newton_step_in_se, step_disagreement = exact$step_disagreement,
        se_disagreement = exact$se_disagreement,
        r_fit_off_by_se = max(abs(r_par - par) / se), r_fit_log_likelihood_off_by = as.numeric(fit$logLik) - exact$logLik
      )
    )
  )
}

case <- function(id, about, formula, group, ..., link = "logit", threshold = "flexible")
  list(id = id, about = about, data = "several.csv", formula = formula, link = link, threshold = threshold, group = group, nodes = 1, ...)

crossed <- c("area", "judge"); nested <- c("home", "owner")
specs <- list(
  case("several-crossed-logit", "two crossed factors", "yc ~ x + z", crossed),
  case("several-crossed-probit", "two crossed factors", "yc ~ x + z", crossed, link = "probit"),
  case("several-crossed-cloglog", "two crossed factors", "yc ~ x + z", crossed, link = "cloglog"),
  case("several-crossed-loglog", "two crossed factors", "yc ~ x + z", crossed, link = "loglog"),
  case("several-crossed-symmetric", "two crossed factors", "yc ~ x + z", crossed, threshold = "symmetric"),
  case("several-crossed-equidistant", "two crossed factors", "yc ~ x + z", crossed, threshold = "equidistant"),
  case("several-crossed-weights-offset", "weights and offset", "yc ~ x + z", crossed, weights = "wt", offset = "off"),
  case("several-nested-logit", "homes within owners", "yn ~ x + z", nested),
  case("several-nested-probit", "homes within owners", "yn ~ x", nested, link = "probit"),
  case("several-nested-cloglog", "homes within owners", "yn ~ x + z", nested, link = "cloglog"),
  case("several-nested-equidistant", "homes within owners", "yn ~ x + z", nested, threshold = "equidistant"),
  case("several-three", "homes within owners, crossed with areas", "y3 ~ x + z", c("home", "owner", "judge"))
)
fitted <- list(); failed <- list()
for (spec in specs) {
  out <- tryCatch(fit_several(spec), error = function(e) conditionMessage(e))
  if (is.character(out)) { failed[[spec$id]] <- out; cat("  not fitted:", spec$id, out, "\n") }
  else { fitted[[length(fitted) + 1]] <- out; cat(spec$id, unlist(out$accuracy), unlist(out$expected$random_sd), "\n") }
}

# R has no clean end at a variance of zero: what counts is the likelihood and which one is zero
at_zero <- function(id, about, formula, group, data, zero) {
  d <- read_data(data)
  spec <- list(id = id, about = about, data = data, formula = formula, link = "logit", threshold = "flexible", group = group, nodes = 1)
  text <- several_call(spec, paste("control =", tight))
  run <- with_warnings(eval(parse(text = text), list(d = d), globalenv()))
  without <- setdiff(group, zero)
  reduced <- if (length(without)) clmm(as.formula(paste(sub("^(\\w+) ~", "factor(\\1) ~", formula), paste0("+ (1 | ", without, ")", collapse = " "))), data = d)
             else clm(as.formula(sub("^(\\w+) ~", "factor(\\1) ~", formula)), data = d)
  sds <- sapply(run$value$ST, function(m) m[1, 1])
  stopifnot(all(sds[zero] < 1e-3), all(sds[without] > 0.05), abs(as.numeric(logLik(run$value)) - as.numeric(logLik(reduced))) < 1e-4)
  c(list(id = id, about = about, model = "clmm"), spec[-(1:2)], list(
    call = text, warnings = as.list(run$warnings), expected = list(zero = as.list(zero), log_likelihood = as.numeric(logLik(run$value)), random_sd = as.list(sds)),
    accuracy = list(log_likelihood = 1e-4)))
}
zeros <- list(
  at_zero("zero-one", "groups alike: the only variance is zero", "y4 ~ x + z", "flat", "grades.csv", "flat"),
  at_zero("zero-of-three", "one of three variances is zero", "yn ~ x + z", c("home", "owner", "judge"), "several.csv", "judge"),
  at_zero("zero-of-three-crossed", "one of three variances is zero", "yc ~ x + z", c("area", "judge", "owner"), "several.csv", "owner")
)
write_cases(zeros, "clmm_zero.json", "clmm: variances estimated at zero")
write_cases(fitted, "clmm_several.json", "clmm: several random intercepts", failed)
