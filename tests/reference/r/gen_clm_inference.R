# clm: tests of nominal and scale effects, likelihood ratios, profile intervals, predicted
# probabilities, emmeans, cluster-robust covariance. Rscript gen_clm_inference.R
source("exact.R"); source("record.R")
suppressPackageStartupMessages(library(emmeans))

tight <- list(gradTol = 1e-12, relTol = 1e-12, maxIter = 200L, maxLineIter = 40L)
d <- read_data("main.csv")
d$y <- factor(d$y)

case <- function(id, kind, ..., link = "logit", threshold = "flexible")
  list(id = id, kind = kind, model = "clm", data = "main.csv", link = link, threshold = threshold, ...)
# formulas are inserted as code, so that update() inside the tests finds them
fit_spec <- function(spec) {
  arguments <- list(formula = as.formula(spec[["formula"]]), data = quote(d), link = spec$link, threshold = spec$threshold, control = tight)
  if (!is.null(spec[["nominal"]])) arguments$nominal <- as.formula(spec[["nominal"]])
  if (!is.null(spec[["scale"]])) arguments$scale <- as.formula(spec[["scale"]])
  if (!is.null(spec[["weights"]])) arguments$weights <- as.name(spec[["weights"]])
  do.call(clm, arguments)
}
table_of <- function(tab) lapply(setNames(seq_len(nrow(tab)), rownames(tab)), function(i) as.list(setNames(as.numeric(tab[i, ]), names(tab))))

cases <- list()
keep <- function(x) cases[[length(cases) + 1]] <<- x

# ---- what relaxing each term would gain --------------------------------------------------------------
for (spec in list(
  case("relax-logit", "relax", formula = "y ~ x + z + w"),
  case("relax-probit-scale", "relax", formula = "y ~ x + z", scale = "~ w", link = "probit"),
  case("relax-logit-nominal", "relax", formula = "y ~ v + z", nominal = "~ w"),
  case("relax-cloglog", "relax", formula = "y ~ v + w", link = "cloglog"),
  case("relax-equidistant", "relax", formula = "y ~ v + w", threshold = "equidistant")
)) {
  fit <- fit_spec(spec)
  nominal <- with_warnings(nominal_test(fit)); scale <- with_warnings(scale_test(fit))
  keep(c(spec, list(warnings = as.list(unique(c(nominal$warnings, scale$warnings))),
                    expected = list(nominal_test = table_of(nominal$value), scale_test = table_of(scale$value)))))
}

# ---- likelihood ratio comparison -------------------------------------------------------------------------
for (spec in list(
  case("lr-term", "compare", formula = "y ~ x", formula_2 = "y ~ x + z"),
  case("lr-two-terms", "compare", formula = "y ~ x", formula_2 = "y ~ x * z + w", link = "probit"),
  case("lr-nominal", "compare", formula = "y ~ x + z", formula_2 = "y ~ x + z", nominal_2 = "~ w"),
  case("lr-scale", "compare", formula = "y ~ x + z", formula_2 = "y ~ x + z", scale_2 = "~ z"),
  case("lr-threshold", "compare", formula = "y ~ x + z", formula_2 = "y ~ x + z", threshold = "equidistant", threshold_2 = "flexible")
)) {
  small <- fit_spec(spec)
  second <- spec
  for (part in c("formula", "nominal", "scale", "threshold")) if (!is.null(spec[[paste0(part, "_2")]])) second[[part]] <- spec[[paste0(part, "_2")]]
  large <- fit_spec(second)
  tab <- anova(small, large)
  keep(c(spec, list(expected = list(statistic = tab$LR.stat[2], df = tab$df[2], p_value = tab[["Pr(>Chisq)"]][2],
                                    log_likelihoods = tab$logLik, aic = tab$AIC, n_parameters = tab$no.par))))
}

# ---- profile intervals: exact roots of the profile deviance --------------------------------------------
# a location or scale coefficient is held at b by an offset of b times its column
profile_root <- function(spec, fit, name, level = 0.95) {
  design <- model.matrix(fit)
  is_scale <- name %in% names(fit$zeta)
  column <- if (is_scale) design$S[, name] else design$X[, name]
  frame <- d; frame$held <- column
  estimate <- if (is_scale) fit$zeta[[name]] else fit$beta[[name]]
  se <- sqrt(diag(vcov(fit)))[[if (is_scale) length(fit$alpha) + length(fit$beta) + match(name, names(fit$zeta)) else length(fit$alpha) + match(name, names(fit$beta))]]
  # every other column stays free, entered by itself
  columns_of <- function(part) setdiff(colnames(design[[part]]), c("(Intercept)", name))
  for (part in c("X", "S")) for (k in columns_of(part)) frame[[paste0("col_", make.names(k))]] <- design[[part]][, k]
  free <- function(part) paste(c("1", if (length(columns_of(part))) paste0("col_", make.names(columns_of(part)))), collapse = " + ")
  deviance_at <- function(b) {
    frame$shift <- b * frame$held
    location_full <- paste("y ~", free("X"), if (!is_scale) "+ offset(shift)")
    scale_full <- if (!is.null(spec[["scale"]])) paste("~", free("S"), if (is_scale) "+ offset(shift)")
    arguments <- list(formula = as.formula(location_full), data = frame, link = spec$link, threshold = spec$threshold, control = tight)
    if (!is.null(spec[["nominal"]])) arguments$nominal <- as.formula(spec[["nominal"]])
    if (!is.null(scale_full)) arguments$scale <- as.formula(scale_full)
    refit <- suppressWarnings(do.call(clm, arguments))
    2 * (as.numeric(fit$logLik) - as.numeric(refit$logLik)) - qchisq(level, 1)
  }
  c(uniroot(deviance_at, estimate - c(4, 0.3) * se, extendInt = "downX", tol = 1e-13)$root,
    uniroot(deviance_at, estimate + c(0.3, 4) * se, extendInt = "upX", tol = 1e-13)$root)
}
for (spec in list(
  case("profile-logit", "profile", formula = "y ~ x + z"),
  case("profile-cloglog", "profile", formula = "y ~ x + z", link = "cloglog"),
  case("profile-probit-scale", "profile", formula = "y ~ x + z", scale = "~ w + v", link = "probit"),
  case("profile-logit-both", "profile", formula = "y ~ x + z", nominal = "~ w", scale = "~ v"),
  case("profile-symmetric", "profile", formula = "y ~ x + z", threshold = "symmetric")
)) {
  fit <- fit_spec(spec)
  names_all <- c(names(fit$beta), names(fit$zeta))
  limits <- lapply(setNames(names_all, names_all), function(name) as.list(profile_root(spec, fit, name)))
  by_r <- with_warnings(suppressMessages(confint(fit, type = "profile")))
  wald <- confint(fit, type = "Wald")
  keep(c(spec, list(warnings = as.list(by_r$warnings), level = 0.95, expected = list(
    profile = limits, r_confint = lapply(setNames(rownames(by_r$value), rownames(by_r$value)), function(name) as.list(unname(by_r$value[name, ]))),
    wald = lapply(setNames(rownames(wald), rownames(wald)), function(name) as.list(unname(wald[name, ]))))
  )))
}

# ---- predicted probabilities with delta-method intervals -----------------------------------------------------
grid <- expand.grid(x = c(-1.5, 0, 2), z = c("a", "b", "c"), w = c("hi", "lo"), v = 0.25, KEEP.OUT.ATTRS = FALSE, stringsAsFactors = TRUE)
for (spec in list(
  case("predict-logit", "predict", formula = "y ~ x + z"),
  case("predict-probit-both", "predict", formula = "y ~ x + z", nominal = "~ w", scale = "~ z", link = "probit"),
  case("predict-loglog-scale", "predict", formula = "y ~ x * z", scale = "~ v", link = "loglog"),
  case("predict-cloglog-nominal", "predict", formula = "y ~ x", nominal = "~ z", link = "cloglog"),
  case("predict-equidistant", "predict", formula = "y ~ x + z", threshold = "equidistant")
)) {
  fit <- fit_spec(spec)
  p <- predict(fit, newdata = grid, type = "prob", se.fit = TRUE, interval = TRUE)
  rows <- function(m) lapply(seq_len(nrow(m)), function(i) as.list(unname(m[i, ])))
  keep(c(spec, list(newdata = lapply(grid, function(column) as.list(if (is.factor(column)) as.character(column) else column)),
                    expected = list(prob = rows(p$fit), se = rows(p$se.fit), lower_logit = rows(p$lwr), upper_logit = rows(p$upr)))))
}

# ---- emmeans(mode = "prob") --------------------------------------------------------------------------------
for (spec in list(
  case("emmeans-logit", "emmeans", formula = "y ~ x + z + w", by = "z"),
  case("emmeans-probit", "emmeans", formula = "y ~ x * z", by = "z", link = "probit"),
  case("emmeans-nominal", "emmeans", formula = "y ~ x + z", nominal = "~ w", by = "z"),
  case("emmeans-scale", "emmeans", formula = "y ~ x + z", scale = "~ w", by = "z", link = "cloglog"),
  case("emmeans-symmetric", "emmeans", formula = "y ~ z + w", threshold = "symmetric", by = "w")
)) {
  fit <- fit_spec(spec)
  run <- with_warnings(as.data.frame(emmeans(fit, as.formula(paste("~ y |", spec$by)), mode = "prob")))
  tab <- run$value
  keep(c(spec, list(warnings = as.list(run$warnings), expected = list(rows = lapply(seq_len(nrow(tab)), function(i) list(
    level = as.character(tab[[spec$by]][i]), grade = as.character(tab$y[i]), prob = tab$prob[i], se = tab$SE[i],
    lower = tab$asymp.LCL[i], upper = tab$asymp.UCL[i]))))))
}

# ---- robust covariance, by row and by group: V B V without small-sample factor ------------------------------
for (spec in list(
  case("robust-logit", "robust", formula = "y ~ x + z", cluster = "g"),
  case("robust-probit-both", "robust", formula = "y ~ x + z", nominal = "~ w", scale = "~ z", link = "probit", cluster = "g"),
  case("robust-symmetric", "robust", formula = "y ~ x + z", threshold = "symmetric", cluster = "g"),
  case("robust-weights", "robust", formula = "y ~ x + z", weights = "wt", cluster = "g")
)) {
  fit <- fit_spec(spec)
  arguments <- as.list(fit$call)[-1]
  arguments$doFit <- FALSE
  rho <- do.call(clm, arguments)
  exact <- polish_clm(rho, coef(fit))
  by_group <- rowsum(exact$scores, as.character(d[[spec$cluster]]))
  keep(c(spec, list(expected = list(
    names = as.list(names(coef(fit))),
    by_row_lower = lower_triangle(exact$vcov %*% crossprod(exact$scores) %*% exact$vcov),
    by_cluster_lower = lower_triangle(exact$vcov %*% crossprod(by_group) %*% exact$vcov)))))
}
# where the sandwich package knows the model, it must agree
fit <- clm(y ~ x + z, data = d, control = tight)
ours <- { rho <- clm(y ~ x + z, data = d, control = tight, doFit = FALSE); e <- polish_clm(rho, coef(fit)); e$vcov %*% crossprod(rowsum(e$scores, as.character(d$g))) %*% e$vcov }
theirs <- sandwich::vcovCL(fit, cluster = d$g, type = "HC0", cadjust = FALSE)
stopifnot(max(abs(ours / theirs - 1)) < 1e-8)

write_cases(cases, "clm_inference.json", "clm: tests, profiles, predictions, emmeans, robust covariance")
