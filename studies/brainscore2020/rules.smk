# Brain-Score against robustness: on published numbers, and for the networks trained here.
# In:  reference/brainscore2020_*.csv; results/evaluations/{corruptions,predictivity,attacks,hybrids}/
# Out: results/{analysis,figures,claims}/brainscore2020/, results/brainscore2020.md;
#      results/{analysis,tables,figures}/brain-likeness/

PUBLISHED_FIGURES = ["fig1", "fig2", "fig3", "figs1"]
LIKENESS = CONFIG.brain_likeness
LIKELY = EXPERIMENT.compared_networks()


rule correlate_published:
    """Correlate published Brain-Scores with published corruption errors, in several ways."""
    input:
        scores="reference/brainscore2020_scores.csv",
        errors="reference/brainscore2020_corruption_errors.csv",
    output:
        models="<results>/tables/brainscore2020/table1.csv",
        correlations="<results>/tables/brainscore2020/correlations.csv",
        alternatives="<results>/tables/brainscore2020/alternatives.csv",
        influence="<results>/tables/brainscore2020/influence.csv",
        quantities="<results>/analysis/brainscore2020/quantities.csv",
        page=report(
            "<results>/brainscore2020.md",
            caption="../docs/report/brainscore2020-page.rst",
            category="Brain-Score 2020",
            subcategory="Statistics",
        ),
    log:
        "<logs>/correlate_published/brainscore2020.log",
    benchmark:
        "<benchmarks>/correlate_published/brainscore2020.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(10),
    params:
        code=code_of("correlate_published"),
    script:
        "../workflow_scripts/correlate_published.py"


rule draw_published:
    """Draw Figs. 1 to 3 of the published numbers, and Fig. S1: what they depend on."""
    input:
        models="<results>/tables/brainscore2020/table1.csv",
        correlations="<results>/tables/brainscore2020/correlations.csv",
        alternatives="<results>/tables/brainscore2020/alternatives.csv",
        influence="<results>/tables/brainscore2020/influence.csv",
    output:
        **figure_files("fig1", "brainscore2020", "fig1_"),
        **figure_files("fig2", "brainscore2020", "fig2_"),
        **figure_files("fig3", "brainscore2020", "fig3_"),
        **figure_files("figs1", "brainscore2020", "figs1_"),
    log:
        "<logs>/draw_published.log",
    benchmark:
        "<benchmarks>/draw_published.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        code=code_of("draw_published"),
    script:
        "../workflow_scripts/draw_published.py"


rule measure_corruption_errors:
    """Divide the errors of all classifiers under corruptions by those of the reference."""
    input:
        expand("<results>/evaluations/corruptions/{network}.nc", network=LIKELY),
    output:
        errors="<results>/analysis/brain-likeness/corruption_errors.nc",
        table="<results>/tables/brain-likeness/corruption_errors.csv",
    log:
        "<logs>/measure_corruption_errors.log",
    benchmark:
        "<benchmarks>/measure_corruption_errors.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(30),
    params:
        networks=LIKELY,
        reference=EXPERIMENT.reference_network(),
        repetitions=LIKENESS.bootstrap,
        code=code_of("measure_corruption_errors"),
    script:
        "../workflow_scripts/measure_corruption_errors.py"


rule tabulate_brain_scores:
    """Write the score of every benchmark, network and seed as a table."""
    input:
        predictivity=expand(
            "<results>/evaluations/predictivity/{benchmark}/{network}.nc",
            benchmark=CONFIG.predictivity,
            network=LIKELY,
        ),
        behaviour=expand(
            "<results>/evaluations/behaviour/{benchmark}/{network}.nc",
            benchmark=CONFIG.behaviour,
            network=LIKELY,
        ),
    output:
        "<results>/tables/brain-likeness/brain_scores.csv",
    log:
        "<logs>/tabulate_brain_scores.log",
    benchmark:
        "<benchmarks>/tabulate_brain_scores.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(10),
    params:
        benchmarks={
            "predictivity": list(CONFIG.predictivity),
            "behaviour": list(CONFIG.behaviour),
        },
        networks=LIKELY,
        code=code_of("tabulate_brain_scores"),
    script:
        "../workflow_scripts/tabulate_brain_scores.py"


rule compare_likeness:
    """Join neural predictivity and robustness of all classifiers, and correlate them."""
    input:
        corruptions=expand(
            "<results>/evaluations/corruptions/{network}.nc", network=LIKELY
        ),
        predictivity=expand(
            "<results>/evaluations/predictivity/{predictivity}/{network}.nc",
            predictivity=LIKENESS.predictivity,
            network=LIKELY,
        ),
        attacks=expand("<results>/evaluations/attacks/{network}.nc", network=LIKELY),
        hybrids=expand("<results>/evaluations/hybrids/{network}.nc", network=LIKELY),
    output:
        points="<results>/tables/brain-likeness/points.csv",
        correlations="<results>/tables/brain-likeness/correlations.csv",
    log:
        "<logs>/compare_likeness.log",
    benchmark:
        "<benchmarks>/compare_likeness.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(30),
    params:
        networks=LIKELY,
        reference=EXPERIMENT.reference_network(),
        code=code_of("compare_likeness"),
    script:
        "../workflow_scripts/compare_likeness.py"


rule draw_likeness:
    """Draw robustness against neural predictivity, a point per seed and network."""
    input:
        points="<results>/tables/brain-likeness/points.csv",
        correlations="<results>/tables/brain-likeness/correlations.csv",
    output:
        **figure_files("robustness", "brain-likeness"),
    log:
        "<logs>/draw_likeness.log",
    benchmark:
        "<benchmarks>/draw_likeness.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        simulated=EXPERIMENT.scored_simulation(),
        scale=CONFIG.scale,
        code=code_of("draw_likeness"),
    script:
        "../workflow_scripts/draw_likeness.py"


rule brainscore2020:
    """Build the study of Brain-Score against corruption error on published numbers."""
    input:
        expand(
            "<results>/figures/brainscore2020/{figure}.{ending}",
            figure=PUBLISHED_FIGURES,
            ending=["pdf", "png"],
        ),
        rules.correlate_published.output,
        expand("<results>/claims/brainscore2020.{ending}", ending=["csv", "md"]),


rule brain_likeness:
    """Build the comparison of neural predictivity and robustness of the networks trained here."""
    input:
        rules.measure_corruption_errors.output,
        rules.tabulate_brain_scores.output,
        rules.compare_likeness.output,
        rules.draw_likeness.output,
        "<results>/tests/brain_likeness.txt",
