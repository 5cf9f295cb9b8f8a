# Are networks the more robust the better they predict V1?
# In:  results/evaluations/{corruptions,predictivity,behaviour,attacks,hybrids}/
# Out: results/{analysis,tables,figures}/brain_likeness/, results/tests/brain_likeness.txt

BRAIN_LIKENESS = EXPERIMENT.studies["brain_likeness"]
BRAIN_LIKENESS_NETWORKS = BRAIN_LIKENESS.compared(EXPERIMENT)


use rule measure as brain_likeness_errors with:
    """Divide the errors of all classifiers under corruptions by those of the reference."""
    input:
        corruptions=evaluations("corruptions", BRAIN_LIKENESS_NETWORKS),
    output:
        errors="<results>/analysis/brain_likeness/corruption_errors.nc",
        table="<results>/tables/brain_likeness/corruption_errors.csv",
    log:
        "<logs>/brain_likeness_errors.log",
    benchmark:
        "<benchmarks>/brain_likeness_errors.tsv"
    params:
        **computed_by("studies.brain_likeness.errors:measure_errors"),
        networks=BRAIN_LIKENESS_NETWORKS,
        reference=BRAIN_LIKENESS.reference_network(),
        repetitions=BRAIN_LIKENESS.bootstrap,
        seed=BRAIN_LIKENESS.bootstrap_seed,


use rule measure as brain_likeness_scores with:
    """Tabulate the score of every benchmark, network and seed."""
    input:
        predictivity=[
            evaluations(f"predictivity/{benchmark}", BRAIN_LIKENESS_NETWORKS)
            for benchmark in CONFIG.predictivity
        ],
        behaviour=[
            evaluations(f"behaviour/{benchmark}", BRAIN_LIKENESS_NETWORKS)
            for benchmark in CONFIG.behaviour
        ],
    output:
        "<results>/tables/brain_likeness/brain_scores.csv",
    log:
        "<logs>/brain_likeness_scores.log",
    benchmark:
        "<benchmarks>/brain_likeness_scores.tsv"
    resources:
        **on_cpu(mem_mb=2000, runtime=10),
    params:
        **computed_by("studies.brain_likeness.scores:tabulate_scores"),
        networks=BRAIN_LIKENESS_NETWORKS,
        predicted=list(CONFIG.predictivity),
        behaved=list(CONFIG.behaviour),


use rule measure as brain_likeness_points with:
    """Join neural predictivity and robustness of every seed of all classifiers."""
    input:
        corruptions=evaluations("corruptions", BRAIN_LIKENESS_NETWORKS),
        predictivity=evaluations(
            f"predictivity/{BRAIN_LIKENESS.predictivity}", BRAIN_LIKENESS_NETWORKS
        ),
        attacks=evaluations("attacks", BRAIN_LIKENESS_NETWORKS),
        hybrids=evaluations("hybrids", BRAIN_LIKENESS_NETWORKS),
    output:
        "<results>/tables/brain_likeness/points.csv",
    log:
        "<logs>/brain_likeness_points.log",
    benchmark:
        "<benchmarks>/brain_likeness_points.tsv"
    params:
        **computed_by("studies.brain_likeness.points:join_points"),
        networks=BRAIN_LIKENESS_NETWORKS,
        reference=BRAIN_LIKENESS.reference_network(),


use rule measure as brain_likeness_correlations with:
    """Correlate robustness with neural predictivity over networks."""
    input:
        points="<results>/tables/brain_likeness/points.csv",
    output:
        "<results>/tables/brain_likeness/correlations.csv",
    log:
        "<logs>/brain_likeness_correlations.log",
    benchmark:
        "<benchmarks>/brain_likeness_correlations.tsv"
    resources:
        **on_cpu(mem_mb=2000, runtime=10),
    params:
        **computed_by("studies.brain_likeness.correlations:correlate_points"),
        seed=BRAIN_LIKENESS.bootstrap_seed,


use rule draw as brain_likeness_robustness with:
    """Draw robustness against neural predictivity, a point per seed and network."""
    input:
        points="<results>/tables/brain_likeness/points.csv",
        correlations="<results>/tables/brain_likeness/correlations.csv",
    output:
        **figure_files("brain_likeness", "robustness"),
    log:
        "<logs>/brain_likeness_robustness.log",
    benchmark:
        "<benchmarks>/brain_likeness_robustness.tsv"
    params:
        **drawn_by("brain_likeness", "robustness"),
        display=display_of(BRAIN_LIKENESS_NETWORKS),
        simulated=BRAIN_LIKENESS.simulated(EXPERIMENT),


use rule check_results as brain_likeness_checks with:
    """Check what must be true of predictivity and robustness, whatever the scale."""
    input:
        shared=source_file("studies/conftest.py"),
        checks=source_file("studies/brain_likeness/checks.py"),
        results=[
            rules.brain_likeness_errors.output.errors,
            *rules.brain_likeness_scores.input,
            *rules.brain_likeness_points.input,
            *rules.brain_likeness_points.output,
        ],
    output:
        report(
            "<results>/tests/brain_likeness.txt",
            caption=source_file("docs/report/tests.rst"),
            category="Tests of results",
        ),
    log:
        "<logs>/brain_likeness_checks.log",
    benchmark:
        "<benchmarks>/brain_likeness_checks.tsv"
    params:
        code=code_of("check_results"),


rule brain_likeness:
    """Build the comparison of neural predictivity and robustness of the networks of this run."""
    input:
        rules.brain_likeness_errors.output,
        rules.brain_likeness_scores.output,
        rules.brain_likeness_points.output,
        rules.brain_likeness_correlations.output,
        rules.brain_likeness_robustness.output,
        rules.brain_likeness_checks.output,
