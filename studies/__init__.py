"""Studies, a folder for each: settings, analysis, figures, rules, claims, captions and checks."""
