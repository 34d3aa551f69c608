"""The same models by others, where they are installed."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import polars as pl

_R = """
library(ordinal)
d <- read.csv(commandArgs(TRUE)[1])
d$overall <- factor(d$overall); d$year <- factor(d$year)
d$sector <- factor(d$sector, levels = c("Local Authority", "Private", "Voluntary"))
started <- proc.time()[["elapsed"]]
m <- {call}
value <- format(as.numeric(logLik(m)), digits = 15)
cat(proc.time()[["elapsed"]] - started, value, as.character(packageVersion("ordinal")), "\\n")
"""
CALLS = {
    "clm": "clm(overall ~ sector + year, data = d)",
    "clmm": "clmm(overall ~ sector + year + (1 | urn), data = d)",
}


def run_r(model: str, data: pl.DataFrame) -> dict[str, Any] | None:
    """Return R's time of the fit alone, its log-likelihood and version, if R has ordinal."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        data.with_columns(pl.col("sector").cast(pl.String)).write_csv(path)
        script = Path(folder) / "fit.R"
        script.write_text(_R.replace("{call}", CALLS[model]))
        done = subprocess.run(["Rscript", str(script), str(path)], capture_output=True, text=True)
    if done.returncode:
        return None
    seconds, value, version = done.stdout.split()[-3:]
    return {"seconds": float(seconds), "log_likelihood": float(value), "version": f"ordinal {version}"}


def run_statsmodels(data: pl.DataFrame) -> dict[str, Any] | None:
    """Return statsmodels' time of the fixed model, if it is installed."""
    if importlib.util.find_spec("statsmodels") is None:
        return None
    import numpy as np
    import statsmodels
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    x = [(data["sector"] == s).to_numpy() for s in ("Private", "Voluntary")]
    x += [(data["year"] == y).to_numpy() for y in range(2015, 2022)]
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = OrderedModel(data["overall"].to_numpy(), np.column_stack(x).astype(float), distr="logit")
        fit = model.fit(method="bfgs", disp=False, maxiter=500)
    return {
        "seconds": time.perf_counter() - started,
        "log_likelihood": float(fit.llf),
        "version": f"statsmodels {statsmodels.__version__}",
    }


def run_interlace(data: pl.DataFrame) -> dict[str, Any] | None:
    """Return interlace-lme's time of the mixed model, if it is installed."""
    if importlib.util.find_spec("interlace") is None:
        return None
    import interlace

    frame = data.to_pandas()
    started = time.perf_counter()
    fit = interlace.clmm("overall ~ sector + C(year)", data=frame, groups="urn")
    return {
        "seconds": time.perf_counter() - started,
        "log_likelihood": float(getattr(fit, "llf", float("nan"))),
        "version": f"interlace-lme {getattr(interlace, '__version__', '')}",
    }
