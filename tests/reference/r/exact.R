# R's own likelihoods (package ordinal), evaluated without its shortcuts.
#
# Three habits of the package keep its printed numbers from being exact:
#  1. the last grade's upper bound is 1e5, not infinity: with the cauchit link that loses about 3e-6
#     of probability per row in the first and last grade;
#  2. `clmm` with one grouping factor takes the Laplace determinant one inner Newton step behind the mode;
#  3. `clmm` stops its outer optimiser early and differentiates with a step of 1e-4.
# The functions here keep R's objective and remove the three: bounds at 1e100, inner iterations run to
# rounding, outer optimum polished by Newton steps on Richardson derivatives (numDeriv).

suppressPackageStartupMessages({ library(ordinal); library(numDeriv); library(Matrix) })
ordinal_ns <- asNamespace("ordinal")

widen_bounds <- function(rho) {
  rho$o1[rho$o1 > 5e4] <- 1e100
  rho$o2[rho$o2 < -5e4] <- -1e100
  invisible(rho)
}

# ---- clm: analytic gradient and Hessian are R's own; Newton to rounding -----------------------------
polish_clm <- function(rho, par) {
  widen_bounds(rho)
  nll <- rho$clm.nll(rho, par)
  for (i in 1:25) {
    gradient <- c(rho$clm.grad(rho))  # first: the Hessian reuses what the gradient leaves behind
    step <- solve(rho$clm.hess(rho), gradient)
    try_nll <- rho$clm.nll(rho, par - step)
    if (!is.finite(try_nll) || try_nll > nll + 1e-9) break
    par <- par - step
    nll <- try_nll
    if (max(abs(step)) < 1e-13) break
  }
  nll <- rho$clm.nll(rho, par)
  gradient <- c(rho$clm.grad(rho))
  hessian <- rho$clm.hess(rho)
  vcov <- solve(hessian)
  scores <- -rho$C2 * (rho$wts / rho$fitted)
  if (rho$k > 0) scores <- cbind(scores, -rho$C3 * (rho$wts / rho$fitted))
  scores <- -scores
  list(par = par, logLik = -nll, vcov = vcov, hessian = hessian, scores = scores,
       newton_step_in_se = max(abs(solve(hessian, gradient)) / sqrt(diag(vcov))))
}

# ---- mixed models: a deterministic objective of the parameters --------------------------------------
# one grouping factor (clmm with its C routines, or clmm2): `evaluate(rho, par)` is R's objective
exact_single <- function(rho, evaluate) {
  widen_bounds(rho)
  rho$ctrl$innerCtrl <- "noWarn"
  # R's own inner iterations from `u`; the gradient that it leaves is that at the returned modes,
  # the curvature D that of the step before
  iterate_from <- function(par, u, tolerance, iterations) {
    rho$uStart <- u
    rho$ctrl$gradTol <- tolerance; rho$ctrl$maxIter <- iterations
    evaluate(rho, par)
  }
  function(par) {
    if (!is.finite(iterate_from(par, rep(0, length(rho$u)), 1e-4, 50L))) return(Inf)
    # R halves a step when the total rises by a rounding error, so it cannot reach the modes themselves:
    # take plain Newton steps, with R's gradient and R's curvature at the same point
    for (i in 1:4) {
      u <- rho$u
      gradient <- rho$gradient
      iterate_from(par, u, 1e-300, 1L)  # fills D at u
      step <- gradient / rho$D
      iterate_from(par, u - step, 1e300, 1L)  # returns at once, with the gradient at the new point
      rho$u <- u - step
    }
    mode <- rho$u
    value <- iterate_from(par, mode, 1e-300, 1L)
    rho$u <- mode
    value
  }
}

# clmm2 with scale effects: its compiled curvature of the integrand does not divide by the squared scale, so
# its Laplace approximation is wrong (by 0.5 in the log-likelihood of `clmm2-logit-scale`); its modes are right. Here
# gradient and curvature are put together from R's density and its derivative for the link, all else is R's.
exact_scaled <- function(rho, link, evaluate) {
  widen_bounds(rho)
  rho$ctrl$innerCtrl <- "noWarn"
  f <- new.env()
  ordinal_ns$setLinks(f, link)
  find_modes <- rho$updateU
  sum_by_group <- function(values) as.vector(rowsum(values, factor(rho$grFac, levels = seq_along(rho$u))))
  integrand_at <- function(u) {
    shift <- u[rho$grFac] * rho$stDev
    eta1 <- (rho$eta1Fix + rho$o1 - shift) / rho$sigma
    eta2 <- (rho$eta2Fix + rho$o2 - shift) / rho$sigma
    pr <- ordinal_ns$getFittedC(eta1, eta2, link)
    slope <- (f$dfun(eta1) - f$dfun(eta2)) / pr
    list(
      value = -sum(rho$weights * log(pr)) - sum(dnorm(u, log = TRUE)),
      gradient = u + rho$stDev * sum_by_group(rho$weights * slope / rho$sigma),
      curvature = 1 + rho$stDev^2 * sum_by_group(rho$weights * (slope^2 - (f$gfun(eta1) - f$gfun(eta2)) / pr) / rho$sigma^2)
    )
  }
  rho$updateU <- function(rho) {
    rho$uStart <- rep(0, length(rho$u))
    rho$ctrl$gradTol <- 1e-4; rho$ctrl$maxIter <- 50L
    if (!find_modes(rho)) return(FALSE)
    for (i in 1:5) {
      here <- integrand_at(rho$u)
      rho$u <- rho$u - here$gradient / here$curvature
    }
    here <- integrand_at(rho$u)
    rho$D <- here$curvature
    rho$negLogLik <- here$value
    is.finite(here$value)
  }
  function(par) evaluate(rho, par)
}

# several grouping factors: R factorises at the mode; only the inner tolerance is at stake
exact_several <- function(rho) {
  widen_bounds(rho)
  rho$ctrl$innerCtrl <- "noWarn"
  function(par) {
    rho$uStart <- rep(0, length(rho$u))
    rho$ctrl$gradTol <- 1e-4; rho$ctrl$maxIter <- 50L
    # the last parameters are log standard deviations here, standard deviations in R
    k <- length(par) - rho$dims$nSTpar
    ordinal_ns$setPar.clmm(rho, c(par[seq_len(k)], exp(par[-seq_len(k)])))
    if (!ordinal_ns$update.u(rho)) return(Inf)
    for (i in 1:4) {
      ordinal_ns$nll.u(rho)
      gradient <- ordinal_ns$grad.u(rho)
      if (!ordinal_ns$hess.u(rho)) return(Inf)
      rho$u <- rho$u - as.vector(solve(rho$L, gradient))
    }
    value <- ordinal_ns$nll.u(rho)
    ordinal_ns$grad.u(rho)
    if (!ordinal_ns$hess.u(rho)) return(Inf)
    # as in R's getNLA
    value + c(determinant(rho$L)$modulus) - rho$dims$q * log(2 * pi) / 2
  }
}

# Newton on Richardson derivatives, in units of about one standard error
polish_mixed <- function(objective, par, max_steps = 8, steps = c(0.1, 0.16)) {
  p <- length(par)
  rough <- hessian(objective, par)
  scale <- 1 / sqrt(pmax(diag(rough), 1e-8))
  in_units <- function(t) objective(par + scale * t)
  derive <- function(eps) list(
    g = grad(in_units, rep(0, p), method.args = list(eps = eps, r = 4)),
    H = hessian(in_units, rep(0, p), method.args = list(eps = eps, r = 4))
  )
  for (i in seq_len(max_steps)) {
    at <- derive(steps[1])
    step <- solve(at$H, at$g)
    factor <- 1
    while (in_units(-factor * step) > in_units(rep(0, p)) + 1e-8 && factor > 1e-3) factor <- factor / 2
    par <- par - scale * step * factor
    if (max(abs(step)) < 1e-9) break
  }
  at <- derive(steps[1])
  other <- derive(steps[2])
  vcov <- solve(at$H) * outer(scale, scale)
  se <- sqrt(diag(vcov))
  value <- objective(par)
  list(
    par = par, logLik = -value, vcov = vcov,
    newton_step_in_se = max(abs(scale * solve(at$H, at$g)) / se),
    # how far the derivatives with another step disagree: the accuracy of the standard errors
    se_disagreement = max(abs(sqrt(diag(solve(other$H))) / sqrt(diag(solve(at$H))) - 1)),
    step_disagreement = max(abs(scale * solve(at$H, at$g - other$g)) / se)
  )
}
