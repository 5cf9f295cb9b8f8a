# Does a high Brain-Score go with robustness? On published numbers (brainscore2020).
# In:  studies/brainscore2020/{scores,corruption_errors,claims}.csv
# Out: results/{analysis,tables,figures,claims}/brainscore2020/, results/brainscore2020.md


use rule measure as brainscore2020_correlations with:
    """Correlate published Brain-Scores with published corruption errors, in several ways."""
    input:
        scores=source_file("studies/brainscore2020/scores.csv"),
        errors=source_file("studies/brainscore2020/corruption_errors.csv"),
    output:
        models="<results>/tables/brainscore2020/table1.csv",
        correlations="<results>/tables/brainscore2020/correlations.csv",
        alternatives="<results>/tables/brainscore2020/alternatives.csv",
        influence="<results>/tables/brainscore2020/influence.csv",
        quantities="<results>/analysis/brainscore2020/quantities.csv",
    log:
        "<logs>/brainscore2020_correlations.log",
    benchmark:
        "<benchmarks>/brainscore2020_correlations.tsv"
    resources:
        **on_cpu(mem_mb=2000, runtime=10),
    params:
        **computed_by("studies.brainscore2020.analysis:analyse"),
        seed=EXPERIMENT.studies["brainscore2020"].resampling_seed,


use rule measure as brainscore2020_page with:
    """Write what the study finds, and what the paper leaves out, as a page."""
    input:
        source_file("studies/brainscore2020/page.md"),
        models="<results>/tables/brainscore2020/table1.csv",
        correlations="<results>/tables/brainscore2020/correlations.csv",
        alternatives="<results>/tables/brainscore2020/alternatives.csv",
        influence="<results>/tables/brainscore2020/influence.csv",
        quantities="<results>/analysis/brainscore2020/quantities.csv",
    output:
        in_report("<results>/brainscore2020.md", "brainscore2020", "page", "Statistics"),
    log:
        "<logs>/brainscore2020_page.log",
    benchmark:
        "<benchmarks>/brainscore2020_page.tsv"
    resources:
        **on_cpu(mem_mb=1000, runtime=10),
    params:
        **computed_by("studies.brainscore2020.page:write_page"),


use rule draw as brainscore2020_fig1 with:
    """Draw Fig. 1: corruption error against the average Brain-Score."""
    input:
        models="<results>/tables/brainscore2020/table1.csv",
        correlations="<results>/tables/brainscore2020/correlations.csv",
    output:
        **figure_files("brainscore2020", "fig1"),
    log:
        "<logs>/brainscore2020_fig1.log",
    benchmark:
        "<benchmarks>/brainscore2020_fig1.tsv"
    params:
        **drawn_by("brainscore2020", "fig1"),


use rule draw as brainscore2020_fig2 with:
    """Draw Fig. 2: corruption error against the Brain-Score of each area and of behaviour."""
    input:
        models="<results>/tables/brainscore2020/table1.csv",
        correlations="<results>/tables/brainscore2020/correlations.csv",
    output:
        **figure_files("brainscore2020", "fig2"),
    log:
        "<logs>/brainscore2020_fig2.log",
    benchmark:
        "<benchmarks>/brainscore2020_fig2.tsv"
    params:
        **drawn_by("brainscore2020", "fig2"),


use rule draw as brainscore2020_fig3 with:
    """Draw Fig. 3: the error on each family of corruptions against the average Brain-Score."""
    input:
        models="<results>/tables/brainscore2020/table1.csv",
        correlations="<results>/tables/brainscore2020/correlations.csv",
    output:
        **figure_files("brainscore2020", "fig3"),
    log:
        "<logs>/brainscore2020_fig3.log",
    benchmark:
        "<benchmarks>/brainscore2020_fig3.tsv"
    params:
        **drawn_by("brainscore2020", "fig3"),


use rule draw as brainscore2020_figs1 with:
    """Draw Fig. S1: what the correlation of the average Brain-Score depends on."""
    input:
        models="<results>/tables/brainscore2020/table1.csv",
        alternatives="<results>/tables/brainscore2020/alternatives.csv",
        influence="<results>/tables/brainscore2020/influence.csv",
    output:
        **figure_files("brainscore2020", "figs1"),
    log:
        "<logs>/brainscore2020_figs1.log",
    benchmark:
        "<benchmarks>/brainscore2020_figs1.tsv"
    params:
        **drawn_by("brainscore2020", "figs1"),


rule brainscore2020:
    """Build the study of Brain-Score against corruption error on published numbers."""
    input:
        rules.brainscore2020_fig1.output,
        rules.brainscore2020_fig2.output,
        rules.brainscore2020_fig3.output,
        rules.brainscore2020_figs1.output,
        rules.brainscore2020_correlations.output,
        rules.brainscore2020_page.output,
        multiext("<results>/claims/brainscore2020", ".csv", ".md"),
