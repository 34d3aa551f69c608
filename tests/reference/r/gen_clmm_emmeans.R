# emmeans(mode = "prob") of mixed models: at a random effect of zero. Rscript gen_clmm_emmeans.R
#
# emmeans takes estimates and Hessian from the fitted object; here the object carries the exact ones (exact.R), so
# that the probabilities are as exact as the estimates.
source("exact.R"); source("record.R")
suppressPackageStartupMessages(library(emmeans))

tight <- clmm.control(method = "nlminb", gradTol = 1e-5, maxIter = 100L)
case <- function(id, formula, group, by, data = "main.csv", link = "logit", nodes = 1)
  list(id = id, kind = "emmeans", model = "clmm", data = data, formula = formula, link = link, threshold = "flexible", group = group, nodes = nodes, by = by)

run_case <- function(spec) {
  d <- read_data(spec$data)
  outcome <- sub(" ~.*", "", spec$formula)
  d[[outcome]] <- factor(d[[outcome]])
  formula <- as.formula(paste(spec$formula, paste0("+ (1 | ", spec$group, ")", collapse = " ")))
  arguments <- list(formula = formula, data = d, link = spec$link, nAGQ = spec$nodes, control = tight)
  fit <- do.call(clmm, arguments)
  rho <- do.call(clmm, c(arguments, doFit = FALSE))
  objective <- if (length(spec$group) > 1) exact_several(rho) else
    exact_single(rho, if (spec$nodes > 1) ordinal_ns$getNAGQ.ssr else ordinal_ns$getNLA.ssr)
  exact <- polish_mixed(objective, c(fit$coefficients, log(unlist(fit$ST))))
  n_fixed <- length(fit$coefficients)
  fit$coefficients[] <- exact$par[seq_len(n_fixed)]
  fit$alpha[] <- fit$coefficients[names(fit$alpha)]
  fit$beta[] <- fit$coefficients[names(fit$beta)]
  fit$Theta[] <- fit$alpha %*% t(fit$tJac)
  hessian <- solve(exact$vcov)
  dimnames(hessian) <- dimnames(fit$Hessian)
  fit$Hessian <- hessian
  run <- with_warnings(as.data.frame(emmeans(fit, as.formula(paste("~", outcome, "|", spec$by)), mode = "prob", data = d)))
  tab <- run$value
  c(spec, list(warnings = as.list(run$warnings), expected = list(log_likelihood = exact$logLik, rows = lapply(seq_len(nrow(tab)), function(i) list(
    level = as.character(tab[[spec$by]][i]), grade = as.character(tab[[outcome]][i]), prob = tab$prob[i], se = tab$SE[i],
    lower = tab$asymp.LCL[i], upper = tab$asymp.UCL[i])))))
}
write_cases(list(
  run_case(case("emmeans-clmm-logit", "y ~ x + z + w", "g", "z")),
  run_case(case("emmeans-clmm-probit-agq7", "y ~ x * z", "g", "z", link = "probit", nodes = 7)),
  run_case(case("emmeans-clmm-crossed", "yc ~ x + z", c("area", "judge"), "z", data = "several.csv"))
), "clmm_emmeans.json", "clmm: emmeans at a random effect of zero")
