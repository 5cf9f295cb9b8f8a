"""Figures as functions of labelled data; nothing is computed here."""
