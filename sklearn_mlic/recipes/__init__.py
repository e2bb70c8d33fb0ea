"""Whole systems as one-line constructors, each inside its threshold rule."""

from sklearn_mlic.recipes._captions import cnn_lstm_transformer, efficientnet_captions
from sklearn_mlic.recipes._fine_tuned import fine_tuned, probe_and_network
from sklearn_mlic.recipes._image_text import image_text, text_network
from sklearn_mlic.recipes._large_networks import efficientnet_b4, resnet18, vgg16
from sklearn_mlic.recipes._modalities import image_modalities, m3la
from sklearn_mlic.recipes._plain_cnn import plain_cnn, plain_cnn_grid
from sklearn_mlic.recipes._probes import (
    CLASSIFIERS,
    image_probe,
    image_text_probe,
    label_prior,
    text_probe,
)
from sklearn_mlic.recipes._query_networks import ml_decoder, query2label, two_stage_transformer
from sklearn_mlic.recipes._small_networks import advanced_cnn, deep_cnn, simple_cnn

#: Recipes that need images and labels only, by name: what `compare` and the command line know.
RECIPES = {
    "label_prior": label_prior,
    "plain_cnn": plain_cnn,
    "simple_cnn": simple_cnn,
    "deep_cnn": deep_cnn,
    "advanced_cnn": advanced_cnn,
    "resnet18": resnet18,
    "vgg16": vgg16,
    "efficientnet_b4": efficientnet_b4,
    "two_stage_transformer": two_stage_transformer,
    "query2label": query2label,
    "ml_decoder": ml_decoder,
}

#: Recipes of a network on images with text, by name.
TEXT_RECIPES = {
    "cnn_lstm_transformer": cnn_lstm_transformer,
    "efficientnet_captions": efficientnet_captions,
}

__all__ = [
    "CLASSIFIERS",
    "RECIPES",
    "TEXT_RECIPES",
    "advanced_cnn",
    "cnn_lstm_transformer",
    "deep_cnn",
    "efficientnet_b4",
    "efficientnet_captions",
    "fine_tuned",
    "image_modalities",
    "image_probe",
    "image_text",
    "image_text_probe",
    "label_prior",
    "m3la",
    "ml_decoder",
    "plain_cnn",
    "plain_cnn_grid",
    "probe_and_network",
    "query2label",
    "resnet18",
    "simple_cnn",
    "text_network",
    "text_probe",
    "two_stage_transformer",
    "vgg16",
]
