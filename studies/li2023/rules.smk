# Which spatial frequencies do robust networks rely on? (Li et al. 2023)
# In:  results/evaluations/{corruptions,attacks,hybrids}/, results/similarity/, results/images/
# Out: results/{analysis,tables,figures,claims}/li2023/

LI2023 = EXPERIMENT.studies["li2023"]
LI2023_PAIRS = LI2023.model_dump()["pairs"]
LI2023_COMPARED = LI2023.compared(EXPERIMENT)
LI2023_BASELINE = EXPERIMENT.networks[LI2023.first_baseline()]


include: "inputs.smk"


use rule measure as li2023_networks with:
    """Measure robustness and preferred frequency of every network, and compare networks."""
    input:
        corruptions=li2023_evaluations("corruptions"),
        attacks=li2023_evaluations("attacks"),
        hybrids=li2023_evaluations("hybrids"),
    output:
        networks="<results>/analysis/li2023/networks.nc",
        spectra="<results>/analysis/li2023/spectra.nc",
        quantities="<results>/analysis/li2023/quantities.csv",
        differences="<results>/tables/li2023/differences.csv",
        points="<results>/tables/li2023/networks.csv",
        correlations="<results>/tables/li2023/correlations.csv",
        blur_series="<results>/tables/li2023/blur_series.csv",
        optima="<results>/tables/li2023/optima.csv",
    log:
        "<logs>/li2023_networks.log",
    benchmark:
        "<benchmarks>/li2023_networks.tsv"
    resources:
        **on_cpu(mem_mb=8000, runtime=60),
    params:
        **computed_by("studies.li2023.comparison:compare"),
        networks=LI2023.networks(EXPERIMENT),
        pairs=LI2023_PAIRS,
        comparisons=LI2023_COMPARED,
        norm=LI2023.norm,
        bootstrap=LI2023.bootstrap,
        bootstrap_seed=LI2023.bootstrap_seed,


use rule measure as li2023_hybrid_examples with:
    """Mix two test images at several frequencies."""
    input:
        image_set=f"<results>/images/{LI2023_BASELINE.images}.nc",
    output:
        "<results>/analysis/li2023/hybrid_examples.nc",
    log:
        "<logs>/li2023_hybrid_examples.log",
    benchmark:
        "<benchmarks>/li2023_hybrid_examples.tsv"
    conda:
        source_file("envs/torch.yaml")
    resources:
        **on_cpu(mem_mb=4000, runtime=10),
    params:
        **computed_by("neurobust.evaluation.hybrids.examples:make_hybrid_examples"),
        number=LI2023.example_image,
        colour=LI2023_BASELINE.colour,
        seed=CONFIG.hybrids.seed,
        place="li2023.example_image",


use rule measure_on_device as li2023_corruption_spectra with:
    """Measure which spatial frequencies each corruption alters."""
    input:
        image_set=f"<results>/images/{LI2023_BASELINE.images}.nc",
    output:
        "<results>/analysis/li2023/corruption_spectra.nc",
    log:
        "<logs>/li2023_corruption_spectra.log",
    benchmark:
        "<benchmarks>/li2023_corruption_spectra.tsv"
    resources:
        **on_gpu(mem_mb=8000, runtime=60, images=LI2023_BASELINE.images),
    params:
        **computed_by(
            "neurobust.evaluation.corruptions.spectra:measure_corruption_spectra",
            "measure_on_device",
        ),
        **CONFIG.corruptions.model_dump(),
        colour=LI2023_BASELINE.colour,
        images=CONFIG.attacks.images,


use rule measure as li2023_components with:
    """Decompose a neural similarity matrix into components with receptive fields."""
    input:
        similarity="<results>/similarity/{network}.nc",
    output:
        "<results>/analysis/li2023/components/{network}.nc",
    log:
        "<logs>/li2023_components/{network}.log",
    benchmark:
        "<benchmarks>/li2023_components/{network}.tsv"
    resources:
        **on_cpu(mem_mb=8000, runtime=60),
    params:
        **computed_by("studies.li2023.components:decompose_similarity"),
        components=LI2023.components,
        seed=LI2023.components_seed,


use rule draw as li2023_fig2 with:
    """Draw Fig. 2: networks regularised by neural data beside their baselines."""
    input:
        networks="<results>/analysis/li2023/networks.nc",
        spectra="<results>/analysis/li2023/spectra.nc",
        differences="<results>/tables/li2023/differences.csv",
    output:
        **figure_files("li2023", "fig2"),
    log:
        "<logs>/li2023_fig2.log",
    benchmark:
        "<benchmarks>/li2023_fig2.tsv"
    params:
        **drawn_by("li2023", "fig2"),
        pairs=LI2023_PAIRS,
        norm=LI2023.norm,
        display=LI2023.display(EXPERIMENT, LI2023.paired()),


use rule draw as li2023_fig3 with:
    """Draw Figs. 3 and B: hybrid images, and the answers of networks to them."""
    input:
        networks="<results>/analysis/li2023/networks.nc",
        examples="<results>/analysis/li2023/hybrid_examples.nc",
    output:
        **figure_files("li2023", "fig3"),
    log:
        "<logs>/li2023_fig3.log",
    benchmark:
        "<benchmarks>/li2023_fig3.tsv"
    params:
        **drawn_by("li2023", "fig3"),
        pairs=LI2023_PAIRS,
        display=LI2023.display(EXPERIMENT, LI2023.paired()),


use rule draw as li2023_fig4 with:
    """Draw Fig. 4: spatial frequencies of the smallest perturbations, and their size."""
    input:
        networks="<results>/analysis/li2023/networks.nc",
        spectra="<results>/analysis/li2023/spectra.nc",
        points="<results>/tables/li2023/networks.csv",
        correlations="<results>/tables/li2023/correlations.csv",
    output:
        **figure_files("li2023", "fig4"),
    log:
        "<logs>/li2023_fig4.log",
    benchmark:
        "<benchmarks>/li2023_fig4.tsv"
    params:
        **drawn_by("li2023", "fig4"),
        comparison="comparison",
        norm=LI2023.norm,
        display=LI2023.display(EXPERIMENT, LI2023_COMPARED["comparison"]["groups"]),


use rule draw as li2023_fig5 with:
    """Draw Fig. 5: reversal frequencies, and accuracy on corrupted images against them."""
    input:
        networks="<results>/analysis/li2023/networks.nc",
        points="<results>/tables/li2023/networks.csv",
        correlations="<results>/tables/li2023/correlations.csv",
        optima="<results>/tables/li2023/optima.csv",
    output:
        **figure_files("li2023", "fig5"),
    log:
        "<logs>/li2023_fig5.log",
    benchmark:
        "<benchmarks>/li2023_fig5.tsv"
    params:
        **drawn_by("li2023", "fig5"),
        comparison="comparison",
        display=LI2023.display(EXPERIMENT, LI2023_COMPARED["comparison"]["groups"]),


if "imagenet" in LI2023_COMPARED:

    use rule draw as li2023_fig6 with:
        """Draw Fig. 6: robustness against preferred frequency for an ImageNet-like folder."""
        input:
            networks="<results>/analysis/li2023/networks.nc",
            points="<results>/tables/li2023/networks.csv",
            correlations="<results>/tables/li2023/correlations.csv",
            optima="<results>/tables/li2023/optima.csv",
        output:
            **figure_files("li2023", "fig6"),
        log:
            "<logs>/li2023_fig6.log",
        benchmark:
            "<benchmarks>/li2023_fig6.tsv"
        params:
            **drawn_by("li2023", "fig6"),
            comparison="imagenet",
            norm=LI2023.norm,
            display=LI2023.display(EXPERIMENT, LI2023_COMPARED["imagenet"]["groups"]),


use rule draw as li2023_figa with:
    """Draw Fig. A: which spatial frequencies each corruption alters."""
    input:
        spectra="<results>/analysis/li2023/corruption_spectra.nc",
    output:
        **figure_files("li2023", "figa"),
    log:
        "<logs>/li2023_figa.log",
    benchmark:
        "<benchmarks>/li2023_figa.tsv"
    params:
        **drawn_by("li2023", "figa"),


use rule draw as li2023_figd with:
    """Draw Fig. D: eigenspectrum and spatial tuning of neural similarity."""
    input:
        components=expand(
            "<results>/analysis/li2023/components/{network}.nc",
            network=LI2023.representations,
        ),
    output:
        **figure_files("li2023", "figd"),
    log:
        "<logs>/li2023_figd.log",
    benchmark:
        "<benchmarks>/li2023_figd.tsv"
    params:
        **drawn_by("li2023", "figd"),
        display=LI2023.display(EXPERIMENT, LI2023.representations),


use rule check_results as li2023_checks with:
    """Check what must be true of any run of the study: ranges, intervals, spectra."""
    input:
        shared=source_file("studies/conftest.py"),
        checks=source_file("studies/li2023/checks.py"),
        evaluations=li2023_evaluations("corruptions", "attacks", "hybrids"),
        results=rules.li2023_networks.output,
    output:
        report(
            "<results>/tests/li2023.txt",
            caption=source_file("docs/report/tests.rst"),
            category="Tests of results",
        ),
    log:
        "<logs>/li2023_checks.log",
    benchmark:
        "<benchmarks>/li2023_checks.tsv"
    params:
        code=code_of("check_results"),


rule li2023:
    """Build the low-frequency study (Li et al. 2023): figures, tables, claims and checks."""
    input:
        expand(
            "<results>/figures/li2023/{figure}.{ending}",
            figure=LI2023.figures(),
            ending=["pdf", "png"],
        ),
        rules.li2023_networks.output,
        expand("<results>/claims/li2023.{ending}", ending=["csv", "md"]),
        rules.li2023_checks.output,
