# One random intercept with nominal and scale effects, through clmm2. Rscript gen_clmm_effects.R
source("mixed.R")

effects <- list()
add2 <- function(...) effects[[length(effects) + 1]] <<- case(...)
# clmm2 against clmm on the same model: both programs, one answer
add2("clmm2-plain", "clmm2 and clmm agree")
for (link in links) for (effect in c("nominal", "scale", "both"))
  add2(paste("clmm2", link, effect, sep = "-"), "effects, Laplace", link = link,
       nominal = if (effect != "scale") "~ w", scale = if (effect != "nominal") "~ z")
for (threshold in c("equidistant", "symmetric")) for (effect in c("nominal", "scale", "both"))
  add2(paste("clmm2-logit", threshold, effect, sep = "-"), "effects, Laplace", threshold = threshold,
       nominal = if (effect != "scale") "~ w", scale = if (effect != "nominal") "~ z")
add2("clmm2-logit-both-agq7", "effects, quadrature", nominal = "~ w", scale = "~ z", nodes = 7)
add2("clmm2-probit-both-agq11", "effects, quadrature", nominal = "~ w", scale = "~ z", nodes = 11, link = "probit")
add2("clmm2-cloglog-scale-agq5", "effects, quadrature", scale = "~ z", nodes = 5, link = "cloglog")
add2("clmm2-weights-both", "effects with weights", nominal = "~ w", scale = "~ z", weights = "wt")
add2("clmm2-scale-numeric", "scale effect of a number", scale = "~ v")
add2("clmm2-nominal-numeric", "nominal effect of a number", formula = "y ~ z", nominal = "~ v")
out <- try_cases(effects, fit_clmm2)
write_cases(out$fitted, "clmm_effects.json", "clmm2: one random intercept with nominal and scale effects", out$failed)
