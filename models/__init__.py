"""Classifiers: training, export and the ONNX run time. Importing this room loads no heavy library."""
