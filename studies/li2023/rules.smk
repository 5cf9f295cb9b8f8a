# The low-frequency study: which frequencies networks rely on, and how robust they are.
# In:  results/evaluations/{corruptions,attacks,hybrids,spectra}/, results/similarity/
# Out: results/{analysis,tables,figures,claims}/li2023/

FREQUENCY = CONFIG.li2023
FREQUENCY_NETWORKS = EXPERIMENT.frequency_networks()
COMPARISONS = EXPERIMENT.comparisons()
FREQUENCY_FIGURES = [
    *("fig2", "fig3", "fig4", "fig5"),
    *(["fig6"] if "imagenet" in COMPARISONS else []),
    "figa",
    *(["figd"] if FREQUENCY.representations else []),
]
FIRST_PAIR = next(iter(FREQUENCY.pairs.values()))
PAIRED_IMAGES = EXPERIMENT.networks[FIRST_PAIR.baseline].images
PAIRED_COLOUR = EXPERIMENT.networks[FIRST_PAIR.baseline].colour
PAIRS = {name: pair.model_dump() for name, pair in FREQUENCY.pairs.items()}

for name, file in EXPERIMENT.absent_networks().items():
    logger.warning(f"Network {name} is left out: its weights are not there ({file}).")


rule measure_preferred_frequencies:
    """Measure robustness and preferred frequency of every network, and compare them."""
    input:
        corruptions=expand(
            "<results>/evaluations/corruptions/{network}.nc",
            network=FREQUENCY_NETWORKS,
        ),
        attacks=expand(
            "<results>/evaluations/attacks/{network}.nc", network=FREQUENCY_NETWORKS
        ),
        hybrids=expand(
            "<results>/evaluations/hybrids/{network}.nc", network=FREQUENCY_NETWORKS
        ),
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
        "<logs>/measure_preferred_frequencies.log",
    benchmark:
        "<benchmarks>/measure_preferred_frequencies.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(8000),
        runtime=per_attempt(60),
    params:
        networks=FREQUENCY_NETWORKS,
        pairs=PAIRS,
        comparisons={
            name: {
                "families": EXPERIMENT.families(comparison),
                "series": EXPERIMENT.blur_series(comparison),
            }
            for name, comparison in COMPARISONS.items()
        },
        norm=FREQUENCY.norm,
        repetitions=FREQUENCY.bootstrap,
        code=code_of("measure_preferred_frequencies"),
    script:
        "../workflow_scripts/measure_preferred_frequencies.py"


rule draw_regularised:
    """Draw Fig. 2: networks regularised by neural data beside their baselines."""
    input:
        networks="<results>/analysis/li2023/networks.nc",
        spectra="<results>/analysis/li2023/spectra.nc",
        differences="<results>/tables/li2023/differences.csv",
    output:
        **figure_files("fig2", "li2023"),
    log:
        "<logs>/draw_regularised.log",
    benchmark:
        "<benchmarks>/draw_regularised.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        pairs=PAIRS,
        norm=FREQUENCY.norm,
        scale=CONFIG.scale,
        code=code_of("draw_regularised"),
    script:
        "../workflow_scripts/draw_regularised.py"


rule make_hybrid_examples:
    """Mix two test images at several frequencies."""
    input:
        "<results>/images/{images}.nc",
    output:
        "<results>/evaluations/hybrid_examples/{images}.nc",
    log:
        "<logs>/make_hybrid_examples/{images}.log",
    benchmark:
        "<benchmarks>/make_hybrid_examples/{images}.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(10),
    params:
        number=FREQUENCY.example_image,
        colour=PAIRED_COLOUR,
        seed=CONFIG.hybrids.seed,
        code=code_of("make_hybrid_examples"),
    script:
        "../workflow_scripts/make_hybrid_examples.py"


rule draw_hybrids:
    """Draw Figs. 3 and B: hybrid images, and what networks answer to them."""
    input:
        networks="<results>/analysis/li2023/networks.nc",
        examples=f"<results>/evaluations/hybrid_examples/{PAIRED_IMAGES}.nc",
    output:
        **figure_files("fig3", "li2023"),
    log:
        "<logs>/draw_hybrids.log",
    benchmark:
        "<benchmarks>/draw_hybrids.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        pairs=PAIRS,
        scale=CONFIG.scale,
        code=code_of("draw_hybrids"),
    script:
        "../workflow_scripts/draw_hybrids.py"


rule draw_preferred_frequencies:
    """Draw Figs. 4 and 5: the frequencies that networks prefer, against their robustness."""
    input:
        networks="<results>/analysis/li2023/networks.nc",
        spectra="<results>/analysis/li2023/spectra.nc",
        points="<results>/tables/li2023/networks.csv",
        correlations="<results>/tables/li2023/correlations.csv",
        optima="<results>/tables/li2023/optima.csv",
    output:
        **figure_files("fig4", "li2023", "fig4_"),
        **figure_files("fig5", "li2023", "fig5_"),
    log:
        "<logs>/draw_preferred_frequencies.log",
    benchmark:
        "<benchmarks>/draw_preferred_frequencies.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        comparison="comparison",
        norm=FREQUENCY.norm,
        scale=CONFIG.scale,
        code=code_of("draw_preferred_frequencies"),
    script:
        "../workflow_scripts/draw_preferred_frequencies.py"


rule draw_robustness_scatters:
    """Draw Fig. 6: robustness against preferred frequency for an ImageNet-like folder."""
    input:
        networks="<results>/analysis/li2023/networks.nc",
        points="<results>/tables/li2023/networks.csv",
        correlations="<results>/tables/li2023/correlations.csv",
        optima="<results>/tables/li2023/optima.csv",
    output:
        **figure_files("fig6", "li2023"),
    log:
        "<logs>/draw_robustness_scatters.log",
    benchmark:
        "<benchmarks>/draw_robustness_scatters.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        comparison="imagenet",
        scale=CONFIG.scale,
        code=code_of("draw_robustness_scatters"),
    script:
        "../workflow_scripts/draw_robustness_scatters.py"


rule measure_corruption_spectra:
    """Measure which spatial frequencies each corruption alters."""
    input:
        "<results>/images/{images}.nc",
    output:
        "<results>/evaluations/spectra/{images}.nc",
    log:
        "<logs>/measure_corruption_spectra/{images}.log",
    benchmark:
        "<benchmarks>/measure_corruption_spectra/{images}.tsv"
    conda:
        "../envs/torch.yaml"
    threads: 1
    resources:
        gpu=gpus_per_job(),
        jobs_per_gpu=jobs_per_gpu(),
        mem_mb=per_attempt(8000),
        runtime=per_attempt(60),
    params:
        settings={
            "colour": PAIRED_COLOUR,
            "images": CONFIG.attacks.images,
            **CONFIG.evaluation.model_dump(),
        },
        code=code_of("measure_corruption_spectra"),
    script:
        "../workflow_scripts/measure_corruption_spectra.py"


rule draw_corruption_spectra:
    """Draw Fig. A: which spatial frequencies each corruption alters."""
    input:
        f"<results>/evaluations/spectra/{PAIRED_IMAGES}.nc",
    output:
        **figure_files("figa", "li2023"),
    log:
        "<logs>/draw_corruption_spectra.log",
    benchmark:
        "<benchmarks>/draw_corruption_spectra.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        scale=CONFIG.scale,
        code=code_of("draw_corruption_spectra"),
    script:
        "../workflow_scripts/draw_corruption_spectra.py"


rule decompose_similarity:
    """Take a neural similarity matrix apart into components and their receptive fields."""
    input:
        "<results>/similarity/{network}.nc",
    output:
        "<results>/analysis/li2023/components/{network}.nc",
    log:
        "<logs>/decompose_similarity/{network}.log",
    benchmark:
        "<benchmarks>/decompose_similarity/{network}.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(8000),
        runtime=per_attempt(60),
    params:
        components=12,
        seed=1000,
        label=lambda wildcards: EXPERIMENT.networks[wildcards.network].label,
        code=code_of("decompose_similarity"),
    script:
        "../workflow_scripts/decompose_similarity.py"


rule draw_similarity_components:
    """Draw Fig. D: eigenspectrum and spatial tuning of neural similarity."""
    input:
        expand(
            "<results>/analysis/li2023/components/{network}.nc",
            network=FREQUENCY.representations,
        ),
    output:
        **figure_files("figd", "li2023"),
    log:
        "<logs>/draw_similarity_components.log",
    benchmark:
        "<benchmarks>/draw_similarity_components.tsv"
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=per_attempt(1000),
        runtime=per_attempt(10),
    params:
        scale=CONFIG.scale,
        code=code_of("draw_similarity_components"),
    script:
        "../workflow_scripts/draw_similarity_components.py"


rule li2023:
    """Build the low-frequency study: figures, tables and claims."""
    input:
        expand(
            "<results>/figures/li2023/{figure}.{ending}",
            figure=FREQUENCY_FIGURES,
            ending=["pdf", "png"],
        ),
        rules.measure_preferred_frequencies.output,
        expand("<results>/claims/li2023.{ending}", ending=["csv", "md"]),
        "<results>/tests/li2023.txt",
