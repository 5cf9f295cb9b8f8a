# The main study: does co-training with neural data make networks robust?
# In:  results/networks/, results/evaluations/{corruptions,readouts,reliability}/, results/images/
# Out: results/{analysis,tables,figures}/safarani2021/, results/tests/safarani2021.txt

SAFARANI2021 = EXPERIMENT.studies["safarani2021"]
SAFARANI2021_PLAYERS = SAFARANI2021.players()
SAFARANI2021_SWEPT = SAFARANI2021.swept_networks(EXPERIMENT)
SAFARANI2021_PREDICTING = SAFARANI2021.predicting_roles(EXPERIMENT)
SAFARANI2021_DISPLAY = SAFARANI2021.display(EXPERIMENT, SAFARANI2021.drawn_roles())


use rule measure as safarani2021_scores with:
    """Score every network relative to Baseline, with bootstrap intervals."""
    input:
        evaluations=evaluations("corruptions", SAFARANI2021.roles.values()),
    output:
        "<results>/analysis/safarani2021/scores.nc",
    log:
        "<logs>/safarani2021_scores.log",
    benchmark:
        "<benchmarks>/safarani2021_scores.tsv"
    params:
        **computed_by("studies.safarani2021.scores:score_roles"),
        roles=list(SAFARANI2021.roles),
        repetitions=SAFARANI2021.bootstrap,
        seed=SAFARANI2021.bootstrap_seed,


use rule measure as safarani2021_regressions with:
    """Regress robustness on clean accuracy and FEV over the sweeps of batch ratios (Fig. 3C)."""
    input:
        corruptions=evaluations(
            "corruptions", [SAFARANI2021.roles["baseline"], *SAFARANI2021_SWEPT]
        ),
        readouts=evaluations("readouts", SAFARANI2021_SWEPT),
    output:
        points="<results>/analysis/safarani2021/points.csv",
        lines="<results>/analysis/safarani2021/lines.csv",
        regressions="<results>/tables/safarani2021/regressions.csv",
    log:
        "<logs>/safarani2021_regressions.log",
    benchmark:
        "<benchmarks>/safarani2021_regressions.tsv"
    params:
        **computed_by("studies.safarani2021.regressions:regress_sweeps"),
        baseline=SAFARANI2021.roles["baseline"],
        sweeps=SAFARANI2021_SWEPT,


use rule measure as safarani2021_tables with:
    """Tabulate clean accuracies and robustness scores (Tables 1 to 3), and all by corruption."""
    input:
        scores="<results>/analysis/safarani2021/scores.nc",
    output:
        table1="<results>/tables/safarani2021/table1.csv",
        table2=in_report(
            "<results>/tables/safarani2021/table2.csv",
            "safarani2021",
            "table2",
            "Tables",
        ),
        table3=in_report(
            "<results>/tables/safarani2021/table3.csv",
            "safarani2021",
            "table3",
            "Tables",
        ),
        corruptions="<results>/tables/safarani2021/corruptions.csv",
    log:
        "<logs>/safarani2021_tables.log",
    benchmark:
        "<benchmarks>/safarani2021_tables.tsv"
    resources:
        **on_cpu(mem_mb=1000, runtime=10),
    params:
        **computed_by("studies.safarani2021.tables:tabulate"),
        training=SAFARANI2021.describe_training(EXPERIMENT),
        display=SAFARANI2021.display(EXPERIMENT, SAFARANI2021_PLAYERS),


use rule measure as safarani2021_quantities with:
    """Name every number of the study that a claim may be about."""
    input:
        scores="<results>/analysis/safarani2021/scores.nc",
        regressions="<results>/tables/safarani2021/regressions.csv",
    output:
        "<results>/analysis/safarani2021/quantities.csv",
    log:
        "<logs>/safarani2021_quantities.log",
    benchmark:
        "<benchmarks>/safarani2021_quantities.tsv"
    resources:
        **on_cpu(mem_mb=1000, runtime=10),
    params:
        **computed_by("studies.safarani2021.quantities:collect_quantities"),


use rule collect_histories as safarani2021_histories with:
    """Collect the training histories of the study's networks."""
    input:
        **{role: network_files(name) for role, name in SAFARANI2021_PLAYERS.items()},
    output:
        "<results>/analysis/safarani2021/histories.nc",
    log:
        "<logs>/safarani2021_histories.log",
    benchmark:
        "<benchmarks>/safarani2021_histories.tsv"
    params:
        attributes={
            role: EXPERIMENT.attributes(name)
            for role, name in SAFARANI2021_PLAYERS.items()
        },
        code=code_of(
            "collect_histories", *parts_of_networks(SAFARANI2021_PLAYERS.values())
        ),


use rule measure as safarani2021_example with:
    """Corrupt one test image in every way (Fig. 9)."""
    input:
        image_set=f"<results>/images/{SAFARANI2021.images(EXPERIMENT)}.nc",
    output:
        "<results>/analysis/safarani2021/example.nc",
    log:
        "<logs>/safarani2021_example.log",
    benchmark:
        "<benchmarks>/safarani2021_example.tsv"
    conda:
        source_file("envs/torch.yaml")
    resources:
        **on_cpu(mem_mb=2000, runtime=10),
    params:
        **computed_by("neurobust.evaluation.corruptions.examples:corrupt_example"),
        number=SAFARANI2021.example_image,
        severity=SAFARANI2021.example_severity,
        seed=CONFIG.corruptions.seed,
        place="safarani2021.example_image",


use rule draw as safarani2021_fig2 with:
    """Draw Fig. 2: accuracy by severity for MTL-Monkey's best, median and worst corruption."""
    input:
        scores="<results>/analysis/safarani2021/scores.nc",
    output:
        **figure_files("safarani2021", "fig2"),
    log:
        "<logs>/safarani2021_fig2.log",
    benchmark:
        "<benchmarks>/safarani2021_fig2.tsv"
    params:
        **drawn_by("safarani2021", "fig2"),
        display=SAFARANI2021_DISPLAY,
        example="mtl-monkey",


use rule draw as safarani2021_fig3 with:
    """Draw Fig. 3: robustness scores by group and in total, and against neural prediction."""
    input:
        scores="<results>/analysis/safarani2021/scores.nc",
        points="<results>/analysis/safarani2021/points.csv",
        lines="<results>/analysis/safarani2021/lines.csv",
    output:
        **figure_files("safarani2021", "fig3"),
    log:
        "<logs>/safarani2021_fig3.log",
    benchmark:
        "<benchmarks>/safarani2021_fig3.tsv"
    params:
        **drawn_by("safarani2021", "fig3"),
        display=SAFARANI2021_DISPLAY,


use rule draw as safarani2021_fig8 with:
    """Draw Fig. 8: accuracy by severity for every corruption."""
    input:
        scores="<results>/analysis/safarani2021/scores.nc",
    output:
        **figure_files("safarani2021", "fig8"),
    log:
        "<logs>/safarani2021_fig8.log",
    benchmark:
        "<benchmarks>/safarani2021_fig8.tsv"
    params:
        **drawn_by("safarani2021", "fig8"),
        display=SAFARANI2021_DISPLAY,


use rule draw as safarani2021_fig9 with:
    """Draw Fig. 9: one test image under every corruption."""
    input:
        examples="<results>/analysis/safarani2021/example.nc",
    output:
        **figure_files("safarani2021", "fig9"),
    log:
        "<logs>/safarani2021_fig9.log",
    benchmark:
        "<benchmarks>/safarani2021_fig9.tsv"
    params:
        **drawn_by("safarani2021", "fig9"),


use rule draw as safarani2021_learning with:
    """Draw the learning curves of the study's networks."""
    input:
        histories="<results>/analysis/safarani2021/histories.nc",
    output:
        **figure_files("safarani2021", "learning"),
    log:
        "<logs>/safarani2021_learning.log",
    benchmark:
        "<benchmarks>/safarani2021_learning.tsv"
    params:
        **drawn_by("safarani2021", "learning"),
        display=SAFARANI2021.display(EXPERIMENT, SAFARANI2021_PLAYERS),
        validation_scores=SAFARANI2021.validation_scores(EXPERIMENT),


use rule draw as safarani2021_readouts with:
    """Draw how well readouts predict the recording's held-out responses."""
    input:
        readouts=evaluations(
            "readouts",
            [SAFARANI2021_PLAYERS[role] for role in SAFARANI2021_PREDICTING],
        ),
    output:
        **figure_files("safarani2021", "readouts"),
    log:
        "<logs>/safarani2021_readouts.log",
    benchmark:
        "<benchmarks>/safarani2021_readouts.tsv"
    params:
        **drawn_by("safarani2021", "readouts"),
        display=SAFARANI2021.display(EXPERIMENT, SAFARANI2021_PREDICTING),


use rule draw as safarani2021_reliability with:
    """Draw the reliability of the recording's neuroids."""
    input:
        reliability=f"<results>/evaluations/reliability/{EXPERIMENT.recording_of(SAFARANI2021.predictor)}.nc",
    output:
        **figure_files("safarani2021", "reliability"),
    log:
        "<logs>/safarani2021_reliability.log",
    benchmark:
        "<benchmarks>/safarani2021_reliability.tsv"
    params:
        **drawn_by("safarani2021", "reliability"),


use rule check_results as safarani2021_checks with:
    """Check what must be true of any run of the study: ranges, intervals, ceilings, controls."""
    input:
        shared=source_file("studies/conftest.py"),
        checks=source_file("studies/safarani2021/checks.py"),
        results=[
            *rules.safarani2021_scores.input,
            *rules.safarani2021_scores.output,
            *rules.safarani2021_regressions.input,
            *rules.safarani2021_regressions.output,
            "<results>/claims/safarani2021.csv",
        ],
    output:
        report(
            "<results>/tests/safarani2021.txt",
            caption=source_file("docs/report/tests.rst"),
            category="Tests of results",
        ),
    log:
        "<logs>/safarani2021_checks.log",
    benchmark:
        "<benchmarks>/safarani2021_checks.tsv"
    params:
        code=code_of("check_results"),


rule safarani2021:
    """Build the main study (Safarani et al. 2021): figures, tables, claims and checks."""
    input:
        rules.safarani2021_fig2.output,
        rules.safarani2021_fig3.output,
        rules.safarani2021_fig8.output,
        rules.safarani2021_fig9.output,
        rules.safarani2021_learning.output,
        rules.safarani2021_readouts.output,
        rules.safarani2021_reliability.output,
        rules.safarani2021_tables.output,
        rules.safarani2021_regressions.output.regressions,
        expand("<results>/claims/safarani2021.{ending}", ending=["csv", "md"]),
        rules.safarani2021_checks.output,
