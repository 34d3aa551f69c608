# Simulated data for the R reference cases. Nothing here comes from a real record.
#
#   Rscript gen_data.R        (run in this folder; rewrites the csv files)
#
# Values are rounded before they are written, so that R and Python read the same numbers.

set.seed(20261123, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")

write_table <- function(d, file) write.csv(d, file, row.names = FALSE, quote = FALSE, na = "")
cut_at <- function(latent, at) 1L + as.integer(rowSums(outer(latent, at, ">")))

# main.csv: one table for most cases. 64 groups of 1 to 14 rows, 9 of them with a single row.
sizes <- c(rep(1L, 9), sample(2:9, 47, replace = TRUE), sample(10:14, 8, replace = TRUE))
n <- sum(sizes)
main <- data.frame(
  g = sprintf("g%02d", rep(seq_along(sizes), sizes)),
  x = round(rnorm(n), 3),
  v = round(runif(n, -1, 1), 3),
  z = sample(c("a", "b", "c"), n, replace = TRUE, prob = c(0.5, 0.3, 0.2)),
  w = sample(c("hi", "lo"), n, replace = TRUE, prob = c(0.4, 0.6))
)
main$off <- round(0.4 * rnorm(n), 3)
main$freq <- sample(1:4, n, replace = TRUE)
main$wt <- round(runif(n, 0.2, 2.5), 2)
main$wt0 <- ifelse(runif(n) < 0.1, 0, main$wt)
u <- rnorm(length(sizes), sd = 0.9)[rep(seq_along(sizes), sizes)]
spread <- exp(0.25 * (main$z == "b") - 0.2 * (main$z == "c"))
latent <- 0.7 * main$x + 0.5 * (main$z == "b") - 0.6 * (main$z == "c") + 0.4 * main$v + u + spread * rlogis(n)
main$y <- cut_at(latent - 0.5 * (main$w == "lo") * (latent > 0), c(-2.1, -0.7, 0.6, 2.0))
main$x2 <- 2 * main$x                                  # aliased with x
main$dup <- ifelse(main$z == "c", 1, 0)                # aliased with z
main$ygap <- c(1L, 2L, 4L, 7L, 9L)[main$y]             # grades with gaps between their codes
main$xbig <- round(5000 + 800 * main$x, 1)             # badly scaled predictor
main$ymiss <- ifelse(seq_len(n) %% 17 == 0, NA, main$y)
main$xmiss <- ifelse(seq_len(n) %% 23 == 0, NA, main$x)
main <- main[sample(n), ]                              # groups are not contiguous
write_table(main, "main.csv")

# grades.csv: the same latent variable cut into 2 to 7 grades.
n <- 300
grades <- data.frame(
  g = sprintf("k%02d", sample(1:40, n, replace = TRUE)),
  x = round(rnorm(n), 3),
  z = sample(c("a", "b"), n, replace = TRUE)
)
u <- rnorm(40, sd = 0.7)[as.integer(substr(grades$g, 2, 3))]
latent <- 0.8 * grades$x + 0.5 * (grades$z == "b") + u + rlogis(n)
for (k in 2:7) {
  grades[[paste0("y", k)]] <- cut_at(latent, quantile(latent, seq(0.1, 0.92, length.out = k + 1))[2:k])
}
# no group differences at all: the estimated variance is zero
grades$flat <- sprintf("f%02d", (rank(latent - 0.8 * grades$x, ties.method = "first") - 1L) %% 30L + 1L)
write_table(grades, "grades.csv")

# several.csv: two crossed factors (area, judge) and homes nested in owners.
n <- 420
several <- data.frame(
  area = sprintf("a%02d", sample(1:18, n, replace = TRUE, prob = (18:1) + 3)),
  judge = sprintf("j%02d", sample(1:14, n, replace = TRUE)),
  home = sprintf("h%03d", sample(1:90, n, replace = TRUE)),
  x = round(rnorm(n), 3),
  z = sample(c("a", "b"), n, replace = TRUE),
  off = round(0.3 * rnorm(n), 3),
  wt = round(runif(n, 0.3, 2), 2)
)
owner_of <- sprintf("o%02d", sample(1:22, 90, replace = TRUE))
home_no <- as.integer(substr(several$home, 2, 4))
several$owner <- owner_of[home_no]
owner_no <- as.integer(substr(several$owner, 2, 3))
fixed <- 0.6 * several$x + 0.5 * (several$z == "b")
crossed <- fixed + rnorm(18, sd = 0.8)[as.integer(substr(several$area, 2, 3))] +
  rnorm(14, sd = 0.6)[as.integer(substr(several$judge, 2, 3))] + rlogis(n)
nested <- fixed + rnorm(22, sd = 0.9)[owner_no] + rnorm(90, sd = 0.9)[home_no] + rlogis(n)
several$yc <- cut_at(crossed, c(-1.8, 0.2, 2.0))
several$yn <- cut_at(nested, c(-1.8, 0.2, 2.0))

# large.csv: few large groups, where the mode is sharp and Laplace is nearly exact.
n <- 500
large <- data.frame(
  g = sprintf("b%d", sample(1:6, n, replace = TRUE, prob = c(10, 6, 3, 2, 1, 0.5))),
  x = round(rnorm(n), 3)
)
large$y <- cut_at(0.5 * large$x + c(-1, 1.4, 0.2, -0.4, 0.9, -1.6)[as.integer(substr(large$g, 2, 2))] + rlogis(n), c(-1, 1))
write_table(large, "large.csv")

# three factors at once: homes within owners, crossed with judges
several$y3 <- cut_at(fixed + rnorm(22, sd = 0.9)[owner_no] + rnorm(90, sd = 0.8)[home_no] +
  rnorm(14, sd = 1.0)[as.integer(substr(several$judge, 2, 3))] + rlogis(420), c(-1.9, 0.2, 2.2))
write_table(several, "several.csv")
