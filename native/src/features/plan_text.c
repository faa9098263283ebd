/* A plan as text, for `brushwood features --plan`. */
#include "core/text.h"
#include "features/features.h"

static bw_status add_node(bw_text *t, const bw_feature_plan *plan, int index) {
    static const char axes[] = "xyz";
    const bw_node *node = &plan->nodes[index];
    BW_TRY(bw_text_add(t, "  #%d in buffer %d, %s%s%s", index, node->buffer,
                       node->precision == BW_DOUBLE ? "double" : "single", node->local ? ", a slab" : "",
                       node->kept ? ", kept by a plan in parts" : ""));
    for (int axis = 0; axis < 3; axis++)
        if (node->level[axis]) BW_TRY(bw_text_add(t, ", every %d. pixel in %c", 1 << node->level[axis], axes[axis]));
    return bw_text_add(t, ", margin %d %d %d\n", (int)node->margin[0], (int)node->margin[1], (int)node->margin[2]);
}

static bw_status add_step(bw_text *t, const bw_feature_plan *plan, int index) {
    static const char *const scalings[] = {"", ", half as many", ", twice as many"};
    const bw_step *step = &plan->steps[index];
    BW_TRY(bw_text_add(t, "%d. %s", index + 1, step->kind->name));
    if (!step->input_count) BW_TRY(bw_text_add(t, " channel %d", step->channel + 1));
    if (step->kernel >= 0 || step->scaling != BW_SAME)
        BW_TRY(bw_text_add(t, " along %c%s", "xyz"[step->axis], scalings[step->scaling]));
    if (step->kernel >= 0) {
        const bw_kernel *kernel = &plan->kernels[step->kernel];
        BW_TRY(bw_text_add(t, ", derivative order %d, radius %d", kernel->order, kernel->radius));
    }
    for (int i = 0; i < step->input_count; i++)
        BW_TRY(bw_text_add(t, "%s#%d", i ? ", " : " of ", step->inputs[i]));
    BW_TRY(bw_text_add(t, "\n"));
    for (int o = 0; o < step->outputs; o++)
        BW_TRY(add_node(t, plan, step->first + o));
    return BW_OK;
}

static bw_status add_plan(bw_text *t, const bw_recipe *recipe, const bw_feature_plan *plan) {
    int next = 0;
    BW_TRY(bw_text_add(t, "%d feature images by %d steps, %d images in %d buffers; halo %d %d %d pixels (x y z)\n",
                       plan->emission_count, plan->step_count, plan->node_count, plan->buffer_count, (int)plan->halo[0],
                       (int)plan->halo[1], (int)plan->halo[2]));
    for (int s = 0, g = 0; s < plan->step_count; s++) {
        if (g < plan->group_count && plan->groups[g].first == s) {
            BW_TRY(bw_text_add(t, "-- group %d, slab by slab along %c\n", g + 1, "xyz"[plan->groups[g].axis]));
            g++;
        }
        BW_TRY(add_step(t, plan, s));
        for (; next < plan->emission_count && plan->nodes[plan->emissions[next].node].step == s; next++) {
            char name[160];
            bw_recipe_name(recipe, plan->emissions[next].index, name, sizeof name);
            BW_TRY(bw_text_add(t, "  -> #%d is %s\n", plan->emissions[next].node, name));
        }
    }
    return BW_OK;
}

bw_status bw_recipe_describe_plan(bw_context *ctx, const bw_recipe *recipe, char **out) {
    bw_feature_plan *plan;
    bw_text text;
    *out = NULL;
    BW_TRY(bw_feature_plan_create(ctx, recipe, NULL, &plan));
    bw_text_init(&text, ctx);
    bw_status status = add_plan(&text, recipe, plan);
    if (status == BW_OK) status = bw_text_take(&text, out);
    bw_text_free(&text);
    bw_feature_plan_free(plan);
    return status;
}
