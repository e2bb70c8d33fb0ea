"""Decision thresholds and calibrated probabilities: plain functions and meta-estimators."""

from sklearn_mlic.thresholds._calibrator import ThresholdCalibrator
from sklearn_mlic.thresholds._probability import ProbabilityCalibrator
from sklearn_mlic.thresholds._tune import tune_thresholds

__all__ = ["ProbabilityCalibrator", "ThresholdCalibrator", "tune_thresholds"]
