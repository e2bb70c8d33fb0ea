"""Decision thresholds: the rules as plain functions, and the meta-estimator that tunes them."""

from sklearn_mlic.thresholds._calibrator import ThresholdCalibrator
from sklearn_mlic.thresholds._rules import tune_thresholds

__all__ = ["ThresholdCalibrator", "tune_thresholds"]
