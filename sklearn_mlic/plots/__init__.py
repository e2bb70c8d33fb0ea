"""Pictures of labels, scores, training and predictions, in the manner of scikit-learn's displays.

A display keeps numbers; ``plot`` draws them and needs matplotlib
(``pip install sklearn-mlic[plot]``). The ``from_...`` constructors compute and draw.
"""

from sklearn_mlic.plots._calibration import MultilabelCalibrationDisplay
from sklearn_mlic.plots._cooccurrence import LabelCooccurrenceDisplay
from sklearn_mlic.plots._frequency import LabelFrequencyDisplay
from sklearn_mlic.plots._label_attention import LabelAttentionDisplay
from sklearn_mlic.plots._label_correlation import LabelCorrelationDisplay
from sklearn_mlic.plots._label_terms import LabelTermsDisplay
from sklearn_mlic.plots._learning_curve import LearningCurveDisplay
from sklearn_mlic.plots._modality_order import ModalityOrderDisplay
from sklearn_mlic.plots._precision_recall import MultilabelPrecisionRecallDisplay
from sklearn_mlic.plots._prediction_grid import PredictionGridDisplay
from sklearn_mlic.plots._staged_prediction import StagedPredictionDisplay
from sklearn_mlic.plots._threshold_curve import ThresholdCurveDisplay

__all__ = [
    "LabelAttentionDisplay",
    "LabelCooccurrenceDisplay",
    "LabelCorrelationDisplay",
    "LabelFrequencyDisplay",
    "LabelTermsDisplay",
    "LearningCurveDisplay",
    "ModalityOrderDisplay",
    "MultilabelCalibrationDisplay",
    "MultilabelPrecisionRecallDisplay",
    "PredictionGridDisplay",
    "StagedPredictionDisplay",
    "ThresholdCurveDisplay",
]
